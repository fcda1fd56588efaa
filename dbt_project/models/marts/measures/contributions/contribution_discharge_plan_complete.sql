with inpatient_month as (

    select * from {{ ref('int_inpatient_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'discharge_plan_complete'

)

select
    {{ contribution_columns('measure_period', 'inpatient_month', missing=['practice_code', 'pcn_code']) }},
    cast(
        case when inpatient_month.discharge_plan_items_done >= measure_period.interval_value then 1 else 0 end as bigint
    ) as numerator,
    cast(1 as bigint) as denominator
from inpatient_month
inner join measure_period
    on inpatient_month.period_end = measure_period.period_end
