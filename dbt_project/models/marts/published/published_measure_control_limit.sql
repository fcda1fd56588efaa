{{ config(alias='measure_control_limit') }}

{{ measure_control_limit(ref('int_spc_point_disclosed')) }}
