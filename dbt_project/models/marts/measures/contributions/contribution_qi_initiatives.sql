with item as (

    select * from {{ ref('int_programme_item_month') }} where item_type = 'Initiative' and is_under_way

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'qi_initiatives'

)

select
    {{ contribution_columns(
        'measure_period', 'item',
        missing=['person_key', 'practice_code', 'pcn_code', 'place_code'] + var('breakdown_columns'),
        own=['programme_workstream']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from item
inner join measure_period
    on item.period_end = measure_period.period_end
