-- Registers hold only the latest check, so a person's history of checks is read across the monthly registers.
with register_row as (

    select * from {{ ref('stg_gp_ld_register') }} where ahc_date is not null

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

ranked as (

    select
        person_link.person_key,
        register_row.*,
        row_number() over (
            partition by person_link.person_key, register_row.ahc_date
            order by
                register_row.submission_period_end desc,
                register_row.register_date desc,
                register_row.practice_code asc,
                register_row.source_row_number asc
        ) as preference,
        min(register_row.submission_period_end) over (
            partition by person_link.person_key, register_row.ahc_date
        ) as first_reported_period_end
    from register_row
    inner join person_link
        on register_row.person_token = person_link.person_token

)

select
    person_key,
    ahc_date as health_check_date,
    practice_code as organisation_key,
    system_code,
    practice_code,
    {{ financial_year_start('ahc_date') }} as financial_year_start,
    hap_date as health_action_plan_date,
    coalesce(hap_date >= {{ financial_year_start('ahc_date') }}
        and hap_date < {{ add_months(financial_year_start('ahc_date'), 12) }}, false) as has_plan_in_year,
    first_reported_period_end
from ranked
where preference = 1
