with run as (

    select * from {{ ref('stg_run') }}

),

feed as (

    select * from {{ ref('stg_feed') }} where feed_role = 'figures'

),

-- Reference data is about other times than the months it comes in.
first_period as (

    select min(submission.period_end) as period_end
    from {{ ref('stg_submission') }} as submission
    inner join feed
        on submission.feed = feed.feed

),

number as (

    select * from {{ ref('int_number') }}

),

month_end as (

    select
        {{ month_end(add_months('run.period_end', '-number.number')) }} as period_end,
        number.number as months_ago
    from run
    cross join first_period
    inner join number
        on number.number <= {{ months_apart('first_period.period_end', 'run.period_end') }}

)

select
    period_end,
    {{ month_start('period_end') }} as month_start,
    {{ financial_year_start('period_end') }} as financial_year_start,
    {{ financial_year_month('period_end') }} as financial_year_month,
    months_ago
from month_end
