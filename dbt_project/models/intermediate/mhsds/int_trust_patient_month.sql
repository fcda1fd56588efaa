with patient as (

    select * from {{ ref('stg_mhs001_mpi') }}

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

aged as (

    select
        patient.*,
        person_link.person_key,
        {{ age_in_years('patient.birth_month', 'patient.submission_period_end') }} as age
    from patient
    inner join person_link
        on patient.person_token = person_link.person_token

)

select
    aged.submission_period_end as period_end,
    aged.system_code,
    aged.partner_code,
    aged.local_patient_id_token,
    aged.person_key,
    aged.age,
    aged.sex,
    coalesce(age_band.age_band, '{{ var("unknown") }}') as age_band,
    aged.ethnicity_group,
    aged.deprivation_quintile,
    aged.place_code
from aged
left join age_band
    on aged.age between age_band.age_from and age_band.age_to
