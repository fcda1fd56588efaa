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
            partition by register_row.system_code, person_link.person_key, register_row.ahc_date
            order by
                register_row.submission_period_end desc,
                register_row.register_date desc,
                register_row.practice_code asc,
                register_row.source_row_number asc
        ) as preference,
        min(register_row.submission_period_end) over (
            partition by register_row.system_code, person_link.person_key, register_row.ahc_date
        ) as first_reported_period_end
    from register_row
    inner join person_link
        on register_row.person_token = person_link.person_token

),

organisation as (

    select organisation_key, organisation_code from {{ ref('dim_organisation') }}

),

checked as (

    select
        ranked.*,
        {{ financial_year_start('ranked.ahc_date') }} as financial_year_start
    from ranked
    where ranked.preference = 1

)

select
    {{ joined_key(['checked.system_code', 'checked.person_key', 'checked.ahc_date']) }} as health_check_key,
    checked.person_key,
    checked.ahc_date as health_check_date,
    coalesce(organisation.organisation_key, '-1') as organisation_key,
    checked.system_code,
    checked.practice_code,
    checked.financial_year_start,
    checked.hap_date as health_action_plan_date,
    coalesce(
        checked.hap_date >= checked.financial_year_start
        and checked.hap_date < {{ add_months('checked.financial_year_start', 12) }},
        false
    ) as has_plan_in_year,
    checked.first_reported_period_end
from checked
left join organisation
    on checked.practice_code = organisation.organisation_code
