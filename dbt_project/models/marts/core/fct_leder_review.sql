with leder_clock as (

    select * from {{ ref('int_leder_clock') }}

),

latest as (

    select
        leder_clock.*,
        row_number() over (
            partition by leder_clock.system_code, leder_clock.review_key, leder_clock.review_type
            order by leder_clock.period_end desc
        ) as recency
    from leder_clock

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    {{ joined_key(['latest.system_code', 'latest.review_key', 'latest.review_type']) }} as review_key,
    latest.person_key,
    latest.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    latest.place_code,
    latest.review_type,
    latest.focused_reason,
    latest.review_status,
    latest.sex,
    latest.age_at_death,
    latest.age_band,
    latest.ethnicity_group,
    latest.deprivation_quintile,
    latest.notification_date,
    latest.death_date,
    latest.on_hold_start_date,
    latest.on_hold_end_date,
    latest.on_hold_reason,
    cast(latest.hold_days as bigint) as hold_days,
    latest.is_on_hold,
    latest.deadline_date,
    latest.completion_date,
    coalesce(latest.completion_date <= latest.deadline_date, false) as is_completed_in_time,
    latest.cause_group,
    latest.is_avoidable,
    latest.quality_of_care_grade,
    latest.was_restricted,
    latest.period_end as as_at_period_end
from latest
left join place
    on latest.place_code = place.geography_code
where latest.recency = 1
