with leder_reviewed_death as (

    select * from {{ ref('int_leder_reviewed_death') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'leder_deaths_by_cause'

)

select
    {{ contribution_columns(
        'measure_period', 'leder_reviewed_death', missing=['practice_code', 'pcn_code', 'commissioner_type'],
        own=['cause_group']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from leder_reviewed_death
inner join measure_period
    on leder_reviewed_death.period_end = measure_period.period_end
