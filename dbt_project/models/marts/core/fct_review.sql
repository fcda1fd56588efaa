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
            partition by
                review.system_code, person_link.person_key, review.review_type, review.review_date
            order by review.submission_period_end asc, review.admission_date desc
        ) as preference
    from review
    inner join person_link
        on review.person_token = person_link.person_token

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    {{ joined_key(['ranked.system_code', 'ranked.person_key', 'ranked.review_type', 'ranked.review_date']) }}
        as review_key,
    ranked.person_key,
    ranked.review_type,
    ranked.review_date,
    ranked.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    ranked.place_code,
    ranked.commissioner_type,
    ranked.submission_period_end as first_reported_period_end
from ranked
left join place
    on ranked.place_code = place.geography_code
where ranked.preference = 1
