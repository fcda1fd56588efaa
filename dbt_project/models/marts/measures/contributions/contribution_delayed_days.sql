with stay_month as (

    select * from {{ ref('int_inpatient_stay_month') }} where delayed_days > 0

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'delayed_days'

)

select
    {{ contribution_columns('measure_period', 'stay_month', missing=['practice_code', 'pcn_code']) }},
    cast(null as bigint) as numerator,
    cast(1 as bigint) as denominator,
    cast(stay_month.delayed_days as double) as value
from stay_month
inner join measure_period
    on stay_month.period_end = measure_period.period_end
