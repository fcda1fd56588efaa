with register_row as (

    select * from {{ ref('stg_gp_ld_register') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'gp_ld_register'

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

practice_month as (

    select * from {{ ref('int_practice_month') }}

),

on_register as (

    select
        effective_submission.period_end,
        person_link.person_key,
        register_row.*,
        {{ age_in_years('register_row.birth_month', 'effective_submission.period_end') }} as age,
        -- Someone who moves practice can be on two registers until the old one catches up: the later news stands.
        row_number() over (
            partition by effective_submission.period_end, effective_submission.system_code, person_link.person_key
            order by
                register_row.submission_period_end desc,
                register_row.register_date desc,
                register_row.practice_code asc,
                register_row.source_row_number asc
        ) as preference
    from register_row
    inner join effective_submission
        on register_row.file_id = effective_submission.file_id
    inner join person_link
        on register_row.person_token = person_link.person_token
    where
        register_row.register_date <= effective_submission.period_end
        and (register_row.removal_date is null or register_row.removal_date > effective_submission.period_end)
        and (register_row.deceased_date is null or register_row.deceased_date > effective_submission.period_end)

),

age_band as (

    select * from {{ ref('stg_age_band') }}

)

select
    on_register.period_end,
    on_register.person_key,
    on_register.system_code,
    on_register.practice_code,
    coalesce(practice_month.pcn_code, '{{ var("unallocated") }}') as pcn_code,
    coalesce(practice_month.place_code, '{{ var("unknown") }}') as place_code,
    on_register.age,
    on_register.sex,
    coalesce(age_band.age_band, '{{ var("unknown") }}') as age_band,
    on_register.ethnicity_group,
    on_register.deprivation_quintile,
    on_register.register_date,
    on_register.autism_diagnosis_date is not null as has_autism,
    on_register.has_reasonable_adjustment,
    on_register.ahc_date,
    on_register.ahc_declined_date,
    on_register.hap_date,
    on_register.submission_period_end,
    on_register.file_id,
    on_register.source_row_number
from on_register
left join practice_month
    on
        on_register.practice_code = practice_month.practice_code
        and on_register.period_end = practice_month.period_end
left join age_band
    on on_register.age between age_band.age_from and age_band.age_to
where on_register.preference = 1
