-- A review is due once a whole interval of the rating has passed since the person was added, and in time while the last
-- one is no further back than the interval.
with dsr_month as (

    select * from {{ ref('int_dsr_month') }}

),

review_interval as (

    select * from {{ ref('stg_review_interval') }}

),

interval_start as (

    select
        dsr_month.*,
        case review_interval.interval_unit
            when 'month' then {{ add_months('dsr_month.period_end', '-review_interval.interval_value') }}
            when 'day' then {{ add_days('dsr_month.period_end', '-review_interval.interval_value') }}
        end as interval_start_date
    from dsr_month
    inner join review_interval
        on
            'dsr_' || lower(dsr_month.dsr_rating) = review_interval.review_type
            and dsr_month.age between review_interval.age_from and review_interval.age_to
            and {{ valid_on('review_interval', 'dsr_month.period_end') }}

)

select
    period_end,
    person_key,
    system_code,
    place_code,
    sex,
    age_band,
    ethnicity_group,
    deprivation_quintile,
    dsr_rating,
    interval_start_date,
    last_review_date,
    date_added <= interval_start_date as is_due,
    coalesce(last_review_date >= interval_start_date, false) as is_in_time
from interval_start
