-- Six months from notification, plus the days on hold: the clock stops while the police, the coroner or a
-- safeguarding enquiry has the case. A review still on hold is not due yet. One that was finished has no more days on
-- hold, whether or not anybody closed its hold.
with review_row as (

    select * from {{ ref('stg_leder') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'leder'

),

review_interval as (

    select * from {{ ref('stg_review_interval') }}

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

hold as (

    select
        effective_submission.period_end,
        person_link.person_key,
        review_row.*,
        case
            when review_row.on_hold_start_date <= effective_submission.period_end
                then {{ days_between(
                    'review_row.on_hold_start_date',
                    'greatest(least(coalesce(review_row.on_hold_end_date, effective_submission.period_end), '
                    ~ 'coalesce(review_row.completion_date, effective_submission.period_end), '
                    ~ 'effective_submission.period_end), review_row.on_hold_start_date)'
                ) }}
            else 0
        end as hold_days,
        coalesce(
            review_row.on_hold_start_date <= effective_submission.period_end
            and (review_row.on_hold_end_date is null or review_row.on_hold_end_date > effective_submission.period_end)
            and review_row.completion_date is null,
            false
        ) as is_on_hold
    from review_row
    inner join effective_submission
        on review_row.file_id = effective_submission.file_id
    inner join person_link
        on review_row.person_token = person_link.person_token

)

select
    hold.period_end,
    hold.review_id_token as review_key,
    hold.person_key,
    hold.system_code,
    hold.place_code,
    hold.review_type,
    hold.focused_reason,
    hold.review_status,
    hold.sex,
    coalesce(age_band.age_band, '{{ var("unknown") }}') as age_band,
    hold.ethnicity_group,
    hold.deprivation_quintile,
    hold.notification_date,
    hold.death_date,
    hold.age_at_death,
    hold.on_hold_start_date,
    hold.on_hold_end_date,
    hold.on_hold_reason,
    hold.hold_days,
    hold.is_on_hold,
    {{ add_days(add_months('hold.notification_date', 'review_interval.interval_value'), 'hold.hold_days') }}
        as deadline_date,
    hold.completion_date,
    hold.cause_group,
    hold.is_avoidable,
    hold.quality_of_care_grade,
    hold.was_restricted,
    hold.submission_period_end
from hold
left join age_band
    on hold.age_at_death between age_band.age_from and age_band.age_to
left join review_interval
    on
        'leder_' || lower(hold.review_type) = review_interval.review_type
        and {{ valid_on('review_interval', 'hold.period_end') }}
