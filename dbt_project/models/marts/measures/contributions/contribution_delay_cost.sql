with stay_month as (

    select * from {{ ref('int_inpatient_stay_month') }} where delayed_days > 0 and delay_cost is not null

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'delay_cost'

)

select
    {{ contribution_columns('measure_period', 'stay_month', missing=['practice_code', 'pcn_code']) }},
    cast(null as bigint) as numerator,
    cast(1 as bigint) as denominator,
    stay_month.delay_cost as value
from stay_month
inner join measure_period
    on stay_month.period_end = measure_period.period_end
