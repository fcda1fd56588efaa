{%- set many = "'" ~ var('many_partner_types') | join("', '") ~ "'" -%}
-- What is absent: a submission that its partner owes, or would owe were it not paused, and that neither came nor, of a
-- measure that is carried forward, has an earlier one to stand in for it. Of a measure that counts from 1 April nothing
-- of last year stands in: it says nothing of this one, and its partner's figure would fall to nobody.
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

    select distinct
        feed,
        partner_code,
        system_code,
        period_end,
        is_paused
    from {{ ref('stg_expected_submission') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }}

),

feed as (

    select
        told.feed,
        coalesce(feed.partner_type in ({{ many }}), false) as has_many_partners
    from (
        select feed from expected_submission
        union
        select feed from effective_submission
    ) as told
    left join {{ ref('stg_feed') }} as feed
        on told.feed = feed.feed

),

-- A measure that joins feeds needs the submissions of each.
feed_period as (

    select distinct
        measure_period.feed as feeds,
        measure.year_to_date,
        feed.feed,
        feed.has_many_partners,
        measure_period.period_end,
        measure_period.financial_year_start
    from measure_period
    inner join measure
        on measure_period.measure_id = measure.measure_id
    inner join feed
        on {{ in_list('feed.feed', 'measure_period.feed') }}

),

feed_coverage as (

    select
        feed_period.feeds,
        feed_period.year_to_date,
        feed_period.period_end,
        partner_geography.system_code,
        partner_geography.geography_type,
        partner_geography.geography_code,
        sum(
            case
                when expected_submission.partner_code is not null and not expected_submission.is_paused then 1
                else 0
            end
        ) as partners_expected,
        sum(case when not effective_submission.is_stale then 1 else 0 end) as partners_received,
        sum(case when effective_submission.is_stale then 1 else 0 end) as partners_stale,
        sum(case when effective_submission.partner_code is null then 1 else 0 end) as partners_missing,
        sum(
            case when effective_submission.partner_code is null and not feed_period.has_many_partners then 1 else 0 end
        ) as single_partners_missing,
        sum(
            case when effective_submission.is_stale and not feed_period.has_many_partners then 1 else 0 end
        ) as single_partners_stale
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
            and (
                not feed_period.year_to_date
                or feed_period.financial_year_start <= effective_submission.submission_period_end
            )
    where expected_submission.partner_code is not null or effective_submission.partner_code is not null
    group by
        feed_period.feeds,
        feed_period.year_to_date,
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
    end as coverage,
    -- What happened in a month is not known from an older submission: no figure, rather than a zero.
    (
        feed_coverage.partners_received > 0
        or (measure.carry_forward and feed_coverage.partners_stale > 0)
    )
    and feed_coverage.single_partners_missing = 0
    and (measure.carry_forward or feed_coverage.single_partners_stale = 0) as has_figure,
    feed_coverage.partners_missing = 0
    and (measure.carry_forward or feed_coverage.partners_stale = 0) as is_complete
from measure_period
inner join measure
    on measure_period.measure_id = measure.measure_id
inner join feed_coverage
    on
        measure_period.feed = feed_coverage.feeds
        and measure.year_to_date = feed_coverage.year_to_date
        and measure_period.period_end = feed_coverage.period_end
        and {{ in_list('feed_coverage.geography_type', 'measure.geography_types') }}
