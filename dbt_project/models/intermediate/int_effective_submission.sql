-- A partner that misses a month keeps its last good submission for as many periods as its contract allows. Once it is
-- no partner any more its submissions stand for nothing: those who took its people over tell of them.
with system_month as (

    select * from {{ ref('int_system_month') }}

),

submission as (

    select * from {{ ref('stg_submission') }}

),

feed as (

    select * from {{ ref('stg_feed') }}

),

partner as (

    select * from {{ ref('stg_partner') }}

),

candidate as (

    select
        submission.feed,
        submission.partner_code,
        submission.system_code,
        system_month.period_end,
        submission.file_id,
        submission.period_end as submission_period_end,
        feed.cadence_months,
        {{ months_apart('submission.period_end', 'system_month.period_end') }} as months_old,
        row_number() over (
            partition by submission.feed, submission.partner_code, submission.system_code, system_month.period_end
            order by submission.period_end desc, submission.accepted_at desc, submission.file_id asc
        ) as recency
    from submission
    inner join feed
        on submission.feed = feed.feed
    inner join system_month
        on
            submission.system_code = system_month.system_code
            and submission.period_end <= system_month.period_end
            and {{ months_apart('submission.period_end', 'system_month.period_end') }}
            <= feed.stale_after_periods * feed.cadence_months
    left join partner
        on
            submission.partner_code = partner.partner_code
            and submission.system_code = partner.system_code
            and feed.partner_type = partner.partner_type
    where partner.valid_to is null or system_month.period_end < partner.valid_to

)

select
    feed,
    partner_code,
    system_code,
    period_end,
    file_id,
    submission_period_end,
    months_old,
    months_old >= cadence_months as is_stale
from candidate
where recency = 1
