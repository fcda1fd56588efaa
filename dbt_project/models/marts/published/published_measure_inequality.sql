{{ config(alias='measure_inequality') }}

{{ measure_inequality(ref('int_measure_figure_disclosed')) }}
