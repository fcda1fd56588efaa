with leder_clock as (

    select * from {{ ref('int_leder_clock') }}

),

latest as (

    select
        leder_clock.*,
        row_number() over (partition by review_key, review_type order by period_end desc) as recency
    from leder_clock

)

select
    review_key || ':' || review_type as review_key,
    person_key,
    system_code,
    place_code,
    review_type,
    focused_reason,
    review_status,
    sex,
    age_at_death,
    age_band,
    ethnicity_group,
    deprivation_quintile,
    notification_date,
    death_date,
    on_hold_start_date,
    on_hold_end_date,
    on_hold_reason,
    cast(hold_days as bigint) as hold_days,
    is_on_hold,
    deadline_date,
    completion_date,
    coalesce(completion_date <= deadline_date, false) as is_completed_in_time,
    cause_group,
    is_avoidable,
    quality_of_care_grade,
    was_restricted,
    period_end as as_at_period_end
from latest
where recency = 1
