{{ config(alias='measure_baseline') }}

with baseline as (

    select * from {{ ref('stg_measure_baseline') }}

),

system as (

    select * from {{ ref('stg_system') }}

)

select
    baseline.measure_id,
    baseline.system_code,
    baseline.geography_type,
    baseline.geography_code,
    baseline.baseline_date,
    baseline.value,
    baseline.source
from baseline
inner join system
    on baseline.system_code = system.system_code
