with stay as (

    select * from {{ ref('int_inpatient_stay_year') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'readmissions_30_days'

),

-- Every return is known by the month end: the interval since the discharge has passed.
discharged as (

    select
        stay.*,
        {{ add_days('stay.discharge_date', 'measure_period.interval_value') }} as last_day
    from stay
    inner join measure_period
        on stay.period_end = measure_period.period_end
    where
        stay.discharge_date > {{ add_months('stay.period_end', -var('rolling_months')) }}
        and {{ add_days('stay.discharge_date', 'measure_period.interval_value') }} <= stay.period_end
        and coalesce(stay.discharge_destination, '') <> 'Died'

),

returned as (

    select distinct
        discharged.period_end,
        discharged.system_code,
        discharged.person_key,
        discharged.first_admission_date
    from discharged
    inner join stay as next_stay
        on
            discharged.period_end = next_stay.period_end
            and discharged.system_code = next_stay.system_code
            and discharged.person_key = next_stay.person_key
            and discharged.first_admission_date < next_stay.first_admission_date
            and next_stay.first_admission_date between discharged.discharge_date and discharged.last_day

)

select
    {{ contribution_columns('measure_period', 'discharged', missing=['practice_code', 'pcn_code']) }},
    cast(case when returned.person_key is not null then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from discharged
inner join measure_period
    on discharged.period_end = measure_period.period_end
left join returned
    on
        discharged.period_end = returned.period_end
        and discharged.system_code = returned.system_code
        and discharged.person_key = returned.person_key
        and discharged.first_admission_date = returned.first_admission_date
