with spell as (

    select * from {{ ref('stg_mhs501_hosp_prov_spell') }}

),

referral as (

    select * from {{ ref('stg_mhs101_referral') }}

),

patient as (

    select * from {{ ref('int_trust_patient_month') }}

),

cohort as (

    select * from {{ ref('int_lda_cohort') }}

),

intervention as (

    select
        file_id,
        hosp_prov_spell_id_token,
        count(*) as interventions
    from {{ ref('stg_mhs505_restrictive_intervent_inc') }}
    where
        start_date_restrictive_int_inc
        between {{ month_start('submission_period_end') }} and submission_period_end
    group by file_id, hosp_prov_spell_id_token

),

respite as (

    select distinct
        file_id,
        service_request_id_token
    from {{ ref('stg_mhs605_sec_diag') }}
    where respite_diagnosis_code is not null

)

select
    patient.period_end,
    patient.system_code,
    patient.partner_code,
    spell.hosp_prov_spell_id_token,
    patient.person_key,
    patient.age,
    patient.sex,
    patient.age_band,
    patient.ethnicity_group,
    patient.deprivation_quintile,
    patient.place_code,
    spell.start_date_hosp_prov_spell as start_date,
    spell.disch_date_hosp_prov_spell as discharge_date,
    cohort.qualifying_tables,
    respite.file_id is not null as is_respite,
    spell.start_date_hosp_prov_spell <= patient.period_end
    and (
        spell.disch_date_hosp_prov_spell is null
        or spell.disch_date_hosp_prov_spell > patient.period_end
    ) as is_open,
    -- A bed day is a night: the day of discharge is none.
    greatest(
        0,
        1 + {{ days_between(
            'greatest(' ~ month_start('patient.period_end') ~ ', spell.start_date_hosp_prov_spell)',
            'case when spell.disch_date_hosp_prov_spell <= patient.period_end then '
            ~ add_days('spell.disch_date_hosp_prov_spell', -1) ~ ' else patient.period_end end'
        ) }}
    ) as bed_days,
    coalesce(intervention.interventions, 0) as interventions
from spell
inner join referral
    on
        spell.file_id = referral.file_id
        and spell.service_request_id_token = referral.service_request_id_token
inner join patient
    on
        referral.submission_period_end = patient.period_end
        and referral.system_code = patient.system_code
        and referral.partner_code = patient.partner_code
        and referral.local_patient_id_token = patient.local_patient_id_token
left join cohort
    on
        patient.period_end = cohort.period_end
        and patient.system_code = cohort.system_code
        and patient.partner_code = cohort.partner_code
        and patient.local_patient_id_token = cohort.local_patient_id_token
left join intervention
    on
        spell.file_id = intervention.file_id
        and spell.hosp_prov_spell_id_token = intervention.hosp_prov_spell_id_token
left join respite
    on
        spell.file_id = respite.file_id
        and spell.service_request_id_token = respite.service_request_id_token
