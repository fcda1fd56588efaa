with leder_reviewed_death as (

    select * from {{ ref('int_leder_reviewed_death') }} where quality_of_care_grade is not null

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'leder_quality_of_care_good'

)

select
    {{ contribution_columns(
        'measure_period', 'leder_reviewed_death', missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(
        case
            when leder_reviewed_death.quality_of_care_grade >= measure_period.interval_value then 1
            else 0
        end as bigint
    ) as numerator,
    cast(1 as bigint) as denominator
from leder_reviewed_death
inner join measure_period
    on leder_reviewed_death.period_end = measure_period.period_end
