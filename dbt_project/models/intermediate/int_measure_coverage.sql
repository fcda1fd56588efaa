with measure as (

    select * from {{ ref('stg_measure') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }}

),

partner_geography as (

    select * from {{ ref('int_partner_geography_month') }}

),

expected_submission as (

    select distinct feed, partner_code, system_code, period_end from {{ ref('stg_expected_submission') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }}

),

feed as (

    select feed from expected_submission
    union
    select feed from effective_submission

),

-- A measure that joins feeds needs the submissions of each.
feed_period as (

    select distinct
        measure_period.feed as feeds,
        feed.feed,
        measure_period.period_end
    from measure_period
    inner join feed
        on {{ in_list('feed.feed', 'measure_period.feed') }}

),

feed_coverage as (

    select
        feed_period.feeds,
        feed_period.period_end,
        partner_geography.system_code,
        partner_geography.geography_type,
        partner_geography.geography_code,
        count(expected_submission.partner_code) as partners_expected,
        sum(case when not effective_submission.is_stale then 1 else 0 end) as partners_received,
        sum(case when effective_submission.is_stale then 1 else 0 end) as partners_stale
    from feed_period
    inner join partner_geography
        on feed_period.period_end = partner_geography.period_end
    left join expected_submission
        on
            feed_period.feed = expected_submission.feed
            and feed_period.period_end = expected_submission.period_end
            and partner_geography.partner_code = expected_submission.partner_code
            and partner_geography.system_code = expected_submission.system_code
    left join effective_submission
        on
            feed_period.feed = effective_submission.feed
            and feed_period.period_end = effective_submission.period_end
            and partner_geography.partner_code = effective_submission.partner_code
            and partner_geography.system_code = effective_submission.system_code
    where expected_submission.partner_code is not null or effective_submission.partner_code is not null
    group by
        feed_period.feeds,
        feed_period.period_end,
        partner_geography.system_code,
        partner_geography.geography_type,
        partner_geography.geography_code

)

select
    measure_period.measure_id,
    feed_coverage.system_code,
    feed_coverage.geography_type,
    feed_coverage.geography_code,
    measure_period.period_end,
    cast(feed_coverage.partners_expected as bigint) as partners_expected,
    cast(feed_coverage.partners_received as bigint) as partners_received,
    cast(feed_coverage.partners_stale as bigint) as partners_stale,
    case
        when feed_coverage.partners_expected > 0
            then least(feed_coverage.partners_received / cast(feed_coverage.partners_expected as double), 1)
    end as coverage
from measure_period
inner join measure
    on measure_period.measure_id = measure.measure_id
inner join feed_coverage
    on
        measure_period.feed = feed_coverage.feeds
        and measure_period.period_end = feed_coverage.period_end
        and {{ in_list('feed_coverage.geography_type', 'measure.geography_types') }}
