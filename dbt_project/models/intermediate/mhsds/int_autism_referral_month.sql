-- A referral counts in months in which a row of it flowed. First contacts are looked for in every submission so far;
-- of a referral received before the first of them, a contact may never have been told.
with referral as (

    select * from {{ ref('stg_mhs101_referral') }}

),

other_reason as (

    select * from {{ ref('stg_mhs103_other_reason_referral') }} where autism_reason_code is not null

),

patient as (

    select * from {{ ref('int_trust_patient_month') }}

),

contact as (

    select
        system_code,
        partner_code,
        service_request_id_token,
        care_cont_date
    from {{ ref('stg_mhs201_care_contact') }}
    where
        attended_code is not null
        and in_person_code is not null

),

first_submission as (

    select
        system_code,
        partner_code,
        {{ month_start('min(submission_period_end)') }} as first_day
    from referral
    group by system_code, partner_code

),

suspected as (

    select distinct referral.*
    from referral
    left join other_reason
        on
            referral.file_id = other_reason.file_id
            and referral.service_request_id_token = other_reason.service_request_id_token
    where
        (referral.autism_reason_code is not null or other_reason.autism_reason_code is not null)
        and referral.referral_request_received_date <= referral.submission_period_end

),

first_contact as (

    select
        suspected.file_id,
        suspected.service_request_id_token,
        min(contact.care_cont_date) as first_contact_date
    from suspected
    inner join contact
        on
            suspected.system_code = contact.system_code
            and suspected.partner_code = contact.partner_code
            and suspected.service_request_id_token = contact.service_request_id_token
            and contact.care_cont_date
            between suspected.referral_request_received_date and suspected.submission_period_end
    group by suspected.file_id, suspected.service_request_id_token

)

select
    suspected.submission_period_end as period_end,
    suspected.system_code,
    suspected.partner_code,
    suspected.service_request_id_token,
    patient.person_key,
    patient.age,
    patient.sex,
    patient.age_band,
    patient.ethnicity_group,
    patient.deprivation_quintile,
    patient.place_code,
    suspected.referral_request_received_date as received_date,
    coalesce(suspected.serv_disch_date, suspected.refer_rejection_date) as ended_date,
    first_contact.first_contact_date,
    suspected.referral_request_received_date >= first_submission.first_day as is_known_from_receipt,
    coalesce(
        coalesce(suspected.serv_disch_date, suspected.refer_rejection_date) > suspected.submission_period_end, true
    ) as is_open,
    {{ days_between('suspected.referral_request_received_date', 'suspected.submission_period_end') }} as days_waited
from suspected
inner join patient
    on
        suspected.submission_period_end = patient.period_end
        and suspected.system_code = patient.system_code
        and suspected.partner_code = patient.partner_code
        and suspected.local_patient_id_token = patient.local_patient_id_token
inner join first_submission
    on
        suspected.system_code = first_submission.system_code
        and suspected.partner_code = first_submission.partner_code
left join first_contact
    on
        suspected.file_id = first_contact.file_id
        and suspected.service_request_id_token = first_contact.service_request_id_token
