-- Overdue as the measures count it; due as the same interval reckons it forward from the last review or the admission.
with review_due as (

    select * from {{ ref('int_review_due') }}

),

reported as (

    select * from {{ ref('int_system_month') }} where is_latest_period

)

select
    review_due.period_end,
    review_due.system_code,
    review_due.person_key,
    review_due.review_type,
    review_due.commissioner_code as holder_code,
    review_due.file_id,
    review_due.source_row_number,
    review_due.provider_site_code,
    case when review_due.is_due and not review_due.is_in_date then 'overdue' else 'due' end as state,
    review_due.last_review_date,
    review_due.next_due_date,
    review_due.planned_review_date
from review_due
inner join reported
    on
        review_due.system_code = reported.system_code
        and review_due.period_end = reported.period_end
where
    (review_due.is_due and not review_due.is_in_date)
    or review_due.next_due_date <= {{ add_days('review_due.period_end', var('care_horizon_days')) }}
