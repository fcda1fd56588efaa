with stay_month as (

    select * from {{ ref('int_inpatient_stay_month') }} where is_admitted_in_month and is_discharged_in_month

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'admissions_same_month_discharge'

)

select
    {{ contribution_columns('measure_period', 'stay_month', missing=['practice_code', 'pcn_code']) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from stay_month
inner join measure_period
    on stay_month.period_end = measure_period.period_end
