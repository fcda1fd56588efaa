-- A neighbourhood team looks after the people of its practices, so a person's neighbourhood is that of the practice
-- which last listed them, whichever partner tells of the person: health, social care, housing and work of the same
-- people.
with register_row as (

    select * from {{ ref('stg_gp_ld_register') }}

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

practice_month as (

    select * from {{ ref('int_practice_month') }} where neighbourhood_code is not null

),

placed as (

    select distinct practice_code from practice_month

),

listed as (

    select
        register_row.system_code,
        person_link.person_key,
        register_row.practice_code,
        register_row.submission_period_end,
        row_number() over (
            partition by register_row.system_code, person_link.person_key, register_row.submission_period_end
            order by register_row.register_date desc, register_row.practice_code asc
        ) as preference
    from register_row
    inner join person_link
        on register_row.person_token = person_link.person_token
    inner join placed
        on register_row.practice_code = placed.practice_code

),

stretch as (

    select
        system_code,
        person_key,
        practice_code,
        submission_period_end as listed_from,
        lead(submission_period_end) over (
            partition by system_code, person_key order by submission_period_end
        ) as listed_until
    from listed
    where preference = 1

)

select
    stretch.system_code,
    practice_month.period_end,
    stretch.person_key,
    practice_month.neighbourhood_code
from stretch
inner join practice_month
    on
        stretch.practice_code = practice_month.practice_code
        and stretch.listed_from <= practice_month.period_end
        and (stretch.listed_until is null or stretch.listed_until > practice_month.period_end)
