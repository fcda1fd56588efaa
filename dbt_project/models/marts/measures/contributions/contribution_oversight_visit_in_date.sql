with review_due as (

    select * from {{ ref('int_review_due') }} where review_type = 'oversight' and is_due

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'oversight_visit_in_date'

)

select
    {{ contribution_columns('measure_period', 'review_due', missing=['practice_code', 'pcn_code']) }},
    cast(case when review_due.is_in_date then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from review_due
inner join measure_period
    on review_due.period_end = measure_period.period_end
