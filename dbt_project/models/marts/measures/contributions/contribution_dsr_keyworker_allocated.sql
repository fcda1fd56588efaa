with dsr_month as (

    select * from {{ ref('int_dsr_month') }} where dsr_rating_group = 'At risk'

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'dsr_keyworker_allocated'

)

select
    {{ contribution_columns(
        'measure_period', 'dsr_month',
        missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(case when dsr_month.has_keyworker then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from dsr_month
inner join measure_period
    on dsr_month.period_end = measure_period.period_end
where dsr_month.age between measure_period.age_from and measure_period.age_to
