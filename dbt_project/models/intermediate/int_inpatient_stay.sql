-- A stay is as the last census that tells of it says, with the earliest review that any census tells of.
with stay_month as (

    select * from {{ ref('int_inpatient_stay_month') }}

),

review_interval as (

    select * from {{ ref('stg_review_interval') }} where review_type = 'post_admission_cetr'

),

first_census as (

    select
        system_code,
        {{ month_start('min(period_end)') }} as first_day
    from stay_month
    group by system_code

),

ranked as (

    select
        stay_month.*,
        min(stay_month.first_known_cetr_date)
            over (partition by stay_month.system_code, stay_month.person_key, stay_month.first_admission_date)
            as first_cetr_date,
        row_number() over (
            partition by stay_month.system_code, stay_month.person_key, stay_month.first_admission_date
            order by stay_month.period_end desc
        ) as recency,
        {{ age_in_years('birth_month', 'first_admission_date') }} as age_at_admission
    from stay_month

)

select
    ranked.person_key,
    ranked.first_admission_date,
    ranked.system_code,
    ranked.place_code,
    ranked.birth_month,
    ranked.sex,
    ranked.ethnicity_group,
    ranked.deprivation_quintile,
    ranked.commissioner_type,
    ranked.discharge_date,
    ranked.discharge_destination,
    ranked.first_admission_date >= first_census.first_day as is_known_from_admission,
    ranked.first_cetr_date,
    case review_interval.interval_unit
        when 'month' then {{ add_months('ranked.first_admission_date', 'review_interval.interval_value') }}
        when 'day' then {{ add_days('ranked.first_admission_date', 'review_interval.interval_value') }}
    end as first_cetr_deadline
from ranked
inner join first_census
    on ranked.system_code = first_census.system_code
left join review_interval
    on
        review_interval.commissioner_type = '*'
        and ranked.age_at_admission between review_interval.age_from and review_interval.age_to
        and {{ valid_on('review_interval', 'ranked.first_admission_date') }}
where ranked.recency = 1
