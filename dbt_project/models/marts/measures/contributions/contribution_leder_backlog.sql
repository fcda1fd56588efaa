with leder_clock as (

    select * from {{ ref('int_leder_clock') }} where completion_date is null and not is_on_hold

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'leder_backlog'

)

select
    {{ contribution_columns(
        'measure_period', 'leder_clock', missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from leder_clock
inner join measure_period
    on
        leder_clock.period_end = measure_period.period_end
        and leder_clock.deadline_date <= measure_period.period_end
