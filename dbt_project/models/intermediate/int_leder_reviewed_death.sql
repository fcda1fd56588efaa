-- A death can have an initial and a focused review. Each death is counted once, by the review that goes deepest: the
-- focused one before the initial, then the one completed last.
with leder_clock as (

    select * from {{ ref('int_leder_clock') }}

),

reporting_month as (

    select * from {{ ref('int_reporting_month') }}

),

ranked as (

    select
        leder_clock.*,
        row_number() over (
            partition by leder_clock.period_end, leder_clock.system_code, leder_clock.person_key
            order by
                case when leder_clock.review_type = 'Focused' then 0 else 1 end,
                leder_clock.completion_date desc,
                leder_clock.review_key asc
        ) as preference
    from leder_clock
    inner join reporting_month
        on
            leder_clock.period_end = reporting_month.period_end
            and leder_clock.completion_date between reporting_month.financial_year_start and reporting_month.period_end

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
    review_type,
    death_date,
    age_at_death,
    completion_date,
    cause_group,
    is_avoidable,
    quality_of_care_grade
from ranked
where preference = 1
