with mhs101_referral as (

    select * from {{ source('lake', 'mhs101_referral') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

),

code_list as (

    select * from {{ ref('stg_code_list') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs101_referral._file_id as file_id,
    mhs101_referral._row_number as source_row_number,
    mhs101_referral.service_request_id_token,
    mhs101_referral.local_patient_id_token,
    mhs101_referral.org_id_comm,
    mhs101_referral.referral_request_received_date,
    mhs101_referral.prim_reason_referral_mh,
    mhs101_referral.serv_disch_date,
    mhs101_referral.refer_rejection_date,
    mhs101_referral.refer_clos_reason,
    autism_reason_code_list.standard_code as autism_reason_code
from mhs101_referral
inner join submission
    on mhs101_referral._file_id = submission.file_id
left join code_list as autism_reason_code_list
    on
        autism_reason_code_list.code_list = 'autism_referral_reason'
        and {{ code_key('mhs101_referral.prim_reason_referral_mh') }} = autism_reason_code_list.code_key
        and {{ valid_on('autism_reason_code_list', 'submission.period_end') }}
