{{ config(alias='measure_value') }}

{{ measure_value(ref('int_measure_disclosed')) }}
