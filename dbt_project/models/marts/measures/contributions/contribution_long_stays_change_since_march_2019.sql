-- Today's long stays are the numerator; the system's number of March 2019 is one contribution to the denominator.
with inpatient_month as (

    select * from {{ ref('int_inpatient_month') }}

),

baseline as (

    select
        system_code,
        value
    from {{ ref('stg_measure_baseline') }}
    where
        measure_id = 'long_stays_change_since_march_2019'
        and geography_type = 'system'

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'long_stays_change_since_march_2019'

),

reported as (

    select distinct
        system_code,
        period_end
    from {{ ref('int_effective_submission') }}
    where feed = 'inpatient_census'

)

select
    {{ contribution_columns(
        'measure_period', 'inpatient_month',
        missing=['practice_code', 'pcn_code', 'place_code'] + var('breakdown_columns')
    ) }},
    cast(1 as bigint) as numerator,
    cast(0 as bigint) as denominator
from inpatient_month
inner join measure_period
    on
        inpatient_month.period_end = measure_period.period_end
        and inpatient_month.first_admission_date
        < {{ add_months('measure_period.period_end', '-measure_period.interval_value') }}

union all

select
    {{ contribution_columns(
        'measure_period', 'baseline',
        missing=['person_key', 'practice_code', 'pcn_code', 'place_code'] + var('breakdown_columns')
    ) }},
    cast(0 as bigint) as numerator,
    cast(baseline.value as bigint) as denominator
from baseline
inner join reported
    on baseline.system_code = reported.system_code
inner join measure_period
    on reported.period_end = measure_period.period_end
