with referral as (

    select * from {{ ref('stg_mhs101_referral') }}

),

patient as (

    select * from {{ ref('int_trust_patient_month') }}

),

cohort as (

    select * from {{ ref('int_lda_cohort') }}

),

autism_referral as (

    select * from {{ ref('int_autism_referral_month') }}

),

known as (

    select
        {{ joined_key(['referral.system_code', 'referral.partner_code', 'referral.service_request_id_token']) }}
            as referral_key,
        patient.person_key,
        referral.system_code,
        referral.partner_code,
        patient.place_code,
        patient.age,
        referral.org_id_comm as commissioner_code,
        referral.referral_request_received_date as received_date,
        referral.prim_reason_referral_mh as primary_reason_code,
        autism_referral.service_request_id_token is not null as is_suspected_autism,
        cohort.qualifying_tables is not null as is_of_cohort,
        autism_referral.first_contact_date,
        referral.serv_disch_date as closed_date,
        referral.refer_rejection_date as rejected_date,
        referral.refer_clos_reason as close_reason_code,
        referral.submission_period_end as last_reported_period_end,
        row_number() over (
            partition by referral.system_code, referral.partner_code, referral.service_request_id_token
            order by referral.submission_period_end desc
        ) as recency
    from referral
    inner join patient
        on
            referral.submission_period_end = patient.period_end
            and referral.system_code = patient.system_code
            and referral.partner_code = patient.partner_code
            and referral.local_patient_id_token = patient.local_patient_id_token
    left join cohort
        on
            referral.submission_period_end = cohort.period_end
            and referral.system_code = cohort.system_code
            and referral.partner_code = cohort.partner_code
            and referral.local_patient_id_token = cohort.local_patient_id_token
    left join autism_referral
        on
            referral.submission_period_end = autism_referral.period_end
            and referral.system_code = autism_referral.system_code
            and referral.partner_code = autism_referral.partner_code
            and referral.service_request_id_token = autism_referral.service_request_id_token
    where
        cohort.qualifying_tables is not null
        or autism_referral.service_request_id_token is not null

),

organisation as (

    select organisation_key, organisation_code from {{ ref('dim_organisation') }}

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    known.referral_key,
    known.person_key,
    coalesce(organisation.organisation_key, '-1') as organisation_key,
    known.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    known.place_code,
    known.age,
    known.commissioner_code,
    known.received_date,
    known.primary_reason_code,
    known.is_suspected_autism,
    known.is_of_cohort,
    known.first_contact_date,
    known.closed_date,
    known.rejected_date,
    known.close_reason_code,
    known.last_reported_period_end
from known
left join organisation
    on known.partner_code = organisation.organisation_code
left join place
    on known.place_code = place.geography_code
where known.recency = 1
