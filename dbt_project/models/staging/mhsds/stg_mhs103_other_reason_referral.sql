with mhs103_other_reason_referral as (

    select * from {{ source('lake', 'mhs103_other_reason_referral') }}

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
    mhs103_other_reason_referral._file_id as file_id,
    mhs103_other_reason_referral._row_number as source_row_number,
    mhs103_other_reason_referral.service_request_id_token,
    mhs103_other_reason_referral.other_reason_refer_mh,
    autism_reason_code_list.standard_code as autism_reason_code
from mhs103_other_reason_referral
inner join submission
    on mhs103_other_reason_referral._file_id = submission.file_id
left join code_list as autism_reason_code_list
    on
        autism_reason_code_list.code_list = 'autism_referral_reason'
        and {{ code_key('mhs103_other_reason_referral.other_reason_refer_mh') }} = autism_reason_code_list.code_key
        and {{ valid_on('autism_reason_code_list', 'submission.period_end') }}
