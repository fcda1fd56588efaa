-- Where one system is further on than another, each has the months that it would have alone.
with system as (

    select * from {{ ref('stg_system') }}

),

reporting_month as (

    select * from {{ ref('int_reporting_month') }}

),

first_submission as (

    select
        submission.system_code,
        min(submission.period_end) as period_end
    from {{ ref('stg_submission') }} as submission
    inner join {{ ref('stg_feed') }} as feed
        on
            submission.feed = feed.feed
            and feed.feed_role = 'figures'
    group by submission.system_code

)

select
    system.system_code,
    reporting_month.period_end,
    reporting_month.period_end = system.period_end as is_latest_period
from system
inner join first_submission
    on system.system_code = first_submission.system_code
inner join reporting_month
    on reporting_month.period_end between first_submission.period_end and system.period_end
