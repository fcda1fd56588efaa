with stay as (

    select * from {{ ref('int_inpatient_stay_year') }} where is_known_from_admission

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'post_admission_cetr'

)

select
    {{ contribution_columns('measure_period', 'stay', missing=['practice_code', 'pcn_code']) }},
    cast(case when stay.first_cetr_date <= stay.first_cetr_deadline then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from stay
inner join measure_period
    on
        stay.period_end = measure_period.period_end
        and stay.first_admission_date > {{ add_months('measure_period.period_end', -var('rolling_months')) }}
        and stay.first_cetr_deadline <= measure_period.period_end
        and (stay.discharge_date is null or stay.discharge_date >= stay.first_cetr_deadline)
