with leder_clock as (

    select * from {{ ref('int_leder_clock') }} where review_type = 'Initial'

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'leder_median_age_at_death'

)

select
    {{ contribution_columns(
        'measure_period', 'leder_clock', missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(null as bigint) as numerator,
    cast(1 as bigint) as denominator,
    cast(leder_clock.age_at_death as double) as value
from leder_clock
inner join measure_period
    on
        leder_clock.period_end = measure_period.period_end
        and leder_clock.death_date between measure_period.financial_year_start and measure_period.period_end
