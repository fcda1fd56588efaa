-- A system's figures begin and end where its own partners' submissions do, whatever other systems have sent.
with measure as (

    select * from {{ ref('stg_measure') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }}

),

submission as (

    select stg_submission.*
    from {{ ref('stg_submission') }} as stg_submission
    inner join {{ ref('stg_feed') }} as feed
        on
            stg_submission.feed = feed.feed
            and feed.feed_role = 'figures'

),

system_month as (

    select * from {{ ref('int_system_month') }}

),

latest_of_feed as (

    select
        system_code,
        feed,
        max(period_end) as period_end
    from submission
    group by system_code, feed

),

latest_received as (

    select
        measure.measure_id,
        measure.carry_forward,
        latest_of_feed.system_code,
        min(latest_of_feed.period_end) as period_end
    from measure
    inner join latest_of_feed
        on {{ in_list('latest_of_feed.feed', 'measure.feed') }}
    group by measure.measure_id, measure.carry_forward, measure.feed, latest_of_feed.system_code
    having count(*) = {{ list_length('measure.feed') }}

)

select
    measure_period.measure_id,
    latest_received.system_code,
    measure_period.period_end,
    measure_period.period_end = max(measure_period.period_end) over (
        partition by measure_period.measure_id, latest_received.system_code
    ) as is_latest_period
from measure_period
inner join latest_received
    on
        measure_period.measure_id = latest_received.measure_id
        and (latest_received.carry_forward or measure_period.period_end <= latest_received.period_end)
inner join system_month
    on
        latest_received.system_code = system_month.system_code
        and measure_period.period_end = system_month.period_end
