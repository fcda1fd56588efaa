with review_due as (

    select * from {{ ref('int_dsr_review_due') }} where is_due

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'dsr_reviewed_in_time'

)

select
    {{ contribution_columns(
        'measure_period', 'review_due',
        missing=['practice_code', 'pcn_code', 'commissioner_type'], own=['dsr_rating']
    ) }},
    cast(case when review_due.is_in_time then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from review_due
inner join measure_period
    on review_due.period_end = measure_period.period_end
