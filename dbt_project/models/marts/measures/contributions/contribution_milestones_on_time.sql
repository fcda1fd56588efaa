with item as (

    select * from {{ ref('int_programme_item_month') }} where item_type = 'Milestone'

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'milestones_on_time'

)

select
    {{ contribution_columns(
        'measure_period', 'item',
        missing=['person_key', 'practice_code', 'pcn_code', 'place_code'] + var('breakdown_columns'),
        own=['programme_workstream']
    ) }},
    cast(case when item.is_completed_on_time then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from item
inner join measure_period
    on
        item.period_end = measure_period.period_end
        and item.due_date between measure_period.financial_year_start and measure_period.period_end
