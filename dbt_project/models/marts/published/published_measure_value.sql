{{ config(alias='measure_value') }}

{{ measure_value(
    ref('int_measure_figure_disclosed'), ref('int_derived_figure_disclosed'), ref('int_spc_point_disclosed')
) }}
