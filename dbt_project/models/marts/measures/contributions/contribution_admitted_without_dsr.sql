-- The census and the register are joined by the token of the NHS number. Somebody whose NHS number the census lacks
-- cannot be looked up and is left out, and so is a month whose register was not received.
with stay as (

    select * from {{ ref('int_inpatient_stay_year') }} where is_known_from_admission

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'admitted_without_dsr'

),

entry as (

    select * from {{ ref('int_dsr_entry') }}

),

register_received as (

    select distinct
        system_code,
        period_end
    from {{ ref('int_effective_submission') }}
    where
        feed = 'dsr'
        and not is_stale

),

traced as (

    select distinct person_key from {{ ref('int_person_link') }} where link_method = 'nhs_number'

),

admitted as (

    select stay.*
    from stay
    inner join measure_period
        on
            stay.period_end = measure_period.period_end
            and stay.first_admission_date > {{ add_months('measure_period.period_end', -var('rolling_months')) }}
    inner join register_received
        on
            stay.system_code = register_received.system_code
            and stay.period_end = register_received.period_end
    inner join traced
        on stay.person_key = traced.person_key

),

known_before as (

    select distinct
        admitted.period_end,
        admitted.system_code,
        admitted.person_key,
        admitted.first_admission_date
    from admitted
    inner join entry
        on
            admitted.system_code = entry.system_code
            and admitted.person_key = entry.person_key
            and admitted.first_admission_date > entry.date_added
            and (entry.off_register_date is null or admitted.first_admission_date <= entry.off_register_date)

)

select
    {{ contribution_columns('measure_period', 'admitted', missing=['practice_code', 'pcn_code']) }},
    cast(case when known_before.person_key is null then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from admitted
inner join measure_period
    on admitted.period_end = measure_period.period_end
left join known_before
    on
        admitted.period_end = known_before.period_end
        and admitted.system_code = known_before.system_code
        and admitted.person_key = known_before.person_key
        and admitted.first_admission_date = known_before.first_admission_date
