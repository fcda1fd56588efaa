with action_month as (

    select * from {{ ref('int_leder_action_month') }} where is_open

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'leder_actions_overdue'

)

select
    {{ contribution_columns(
        'measure_period', 'action_month',
        missing=['person_key', 'practice_code', 'pcn_code'] + var('breakdown_columns'), own=['action_theme']
    ) }},
    cast(case when action_month.is_overdue then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from action_month
inner join measure_period
    on action_month.period_end = measure_period.period_end
