{{ config(alias='measure_coverage') }}

with coverage as (

    select * from {{ ref('int_measure_coverage') }}

),

system_period as (

    select * from {{ ref('int_measure_system_period') }}

),

geography_month as (

    select * from {{ ref('int_geography_month') }}

),

run as (

    select * from {{ ref('stg_run') }}

)

select
    coverage.measure_id,
    coverage.system_code,
    coverage.geography_type,
    coverage.geography_code,
    geography_month.geography_name,
    coverage.period_end,
    coverage.partners_expected,
    coverage.partners_received,
    coverage.partners_stale,
    coverage.coverage,
    coverage.has_figure,
    coverage.is_complete,
    run.publication_id
from coverage
-- What one system has sent says nothing of the months that another's measure goes to.
inner join system_period
    on
        coverage.measure_id = system_period.measure_id
        and coverage.system_code = system_period.system_code
        and coverage.period_end = system_period.period_end
inner join geography_month
    on
        coverage.geography_type = geography_month.geography_type
        and coverage.geography_code = geography_month.geography_code
        and coverage.period_end = geography_month.period_end
        and coverage.system_code = geography_month.system_code
cross join run
