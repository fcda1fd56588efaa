-- A trust's submission tells of everybody it cares for; the warehouse is for people with a learning disability or
-- autism, and those referred because they may be autistic.
with patient as (

    select * from {{ ref('int_trust_patient_month') }}

),

cohort as (

    select * from {{ ref('int_lda_cohort') }}

),

autism_referral as (

    select distinct
        system_code,
        person_key
    from {{ ref('int_autism_referral_month') }}

),

known as (

    select
        patient.system_code,
        patient.person_key,
        patient.period_end,
        cohort.qualifying_tables,
        autism_referral.person_key is not null as has_autism_referral
    from patient
    left join cohort
        on
            patient.period_end = cohort.period_end
            and patient.system_code = cohort.system_code
            and patient.partner_code = cohort.partner_code
            and patient.local_patient_id_token = cohort.local_patient_id_token
    left join autism_referral
        on
            patient.system_code = autism_referral.system_code
            and patient.person_key = autism_referral.person_key
    where
        cohort.qualifying_tables is not null
        or autism_referral.person_key is not null

),

ranked as (

    select
        known.*,
        row_number() over (
            partition by known.person_key
            order by
                case when known.qualifying_tables is null then 1 else 0 end,
                known.period_end desc,
                known.qualifying_tables asc
        ) as recency,
        max(case when known.has_autism_referral then 1 else 0 end) over (partition by known.person_key) as referred
    from known

)

select
    person_key,
    qualifying_tables,
    referred = 1 as has_autism_referral
from ranked
where recency = 1
