-- Today's people are the numerator; each place's figure of March 2019 is a contribution of its own to the denominator.
with inpatient_month as (

    select * from {{ ref('int_inpatient_month') }}

),

baseline as (

    select
        system_code,
        geography_code as place_code,
        value
    from {{ ref('stg_measure_baseline') }}
    where
        measure_id = 'inpatients_total'
        and geography_type = 'place'

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'inpatients_change_since_march_2019'

),

reported as (

    select distinct
        system_code,
        period_end
    from {{ ref('int_effective_submission') }}
    where feed = 'inpatient_census'

)

select
    {{ contribution_columns('measure_period', 'inpatient_month', missing=['practice_code', 'pcn_code']) }},
    cast(1 as bigint) as numerator,
    cast(0 as bigint) as denominator
from inpatient_month
inner join measure_period
    on inpatient_month.period_end = measure_period.period_end

union all

select
    {{ contribution_columns('measure_period', 'baseline', missing=[
        'person_key', 'practice_code', 'pcn_code', 'sex', 'age_band', 'ethnicity_group', 'deprivation_quintile',
        'commissioner_type'
    ]) }},
    cast(0 as bigint) as numerator,
    cast(baseline.value as bigint) as denominator
from baseline
inner join reported
    on baseline.system_code = reported.system_code
inner join measure_period
    on reported.period_end = measure_period.period_end
