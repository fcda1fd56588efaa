with mhs102_service_type_referred_to as (

    select * from {{ source('lake', 'mhs102_service_type_referred_to') }}

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
    mhs102_service_type_referred_to._file_id as file_id,
    mhs102_service_type_referred_to._row_number as source_row_number,
    mhs102_service_type_referred_to.service_request_id_token,
    mhs102_service_type_referred_to.serv_team_type_ref_to_mh,
    mhs102_service_type_referred_to.refer_closure_date,
    mhs102_service_type_referred_to.refer_rejection_date,
    lda_team_type_code_list.standard_code as lda_team_type_code
from mhs102_service_type_referred_to
inner join submission
    on mhs102_service_type_referred_to._file_id = submission.file_id
left join code_list as lda_team_type_code_list
    on
        lda_team_type_code_list.code_list = 'lda_team_type'
        and {{ code_key('mhs102_service_type_referred_to.serv_team_type_ref_to_mh') }}
        = lda_team_type_code_list.code_key
        and {{ valid_on('lda_team_type_code_list', 'submission.period_end') }}
