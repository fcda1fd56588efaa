-- The census holds only the last review of each kind, so the history of reviews is read across the monthly censuses.
with census_row as (

    select * from {{ ref('stg_inpatient_census') }}

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

review as (

    select
        person_token,
        system_code,
        place_code,
        commissioner_type,
        admission_date,
        'cetr' as review_type,
        last_cetr_date as review_date,
        submission_period_end
    from census_row
    where last_cetr_date is not null

    union all

    select
        person_token,
        system_code,
        place_code,
        commissioner_type,
        admission_date,
        'oversight' as review_type,
        last_oversight_visit_date as review_date,
        submission_period_end
    from census_row
    where last_oversight_visit_date is not null

),

ranked as (

    select
        person_link.person_key,
        review.*,
        row_number() over (
            partition by person_link.person_key, review.review_type, review.review_date
            order by review.submission_period_end asc, review.admission_date desc
        ) as preference
    from review
    inner join person_link
        on review.person_token = person_link.person_token

)

select
    person_key || ':' || review_type || ':' || cast(review_date as {{ dbt.type_string() }}) as review_key,
    person_key,
    review_type,
    review_date,
    system_code,
    place_code,
    commissioner_type,
    submission_period_end as first_reported_period_end
from ranked
where preference = 1
