with mhs605_sec_diag as (

    select * from {{ source('lake', 'mhs605_sec_diag') }}

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
    mhs605_sec_diag._file_id as file_id,
    mhs605_sec_diag._row_number as source_row_number,
    mhs605_sec_diag.service_request_id_token,
    mhs605_sec_diag.diag_scheme_in_use,
    mhs605_sec_diag.sec_diag,
    respite_diagnosis_code_list.standard_code as respite_diagnosis_code,
    coalesce(
        mhs605_sec_diag.diag_scheme_in_use = '02'
        and (upper(mhs605_sec_diag.sec_diag) like 'F7%' or upper(mhs605_sec_diag.sec_diag) like 'F84%'),
        false
    ) as is_lda_diagnosis
from mhs605_sec_diag
inner join submission
    on mhs605_sec_diag._file_id = submission.file_id
left join code_list as respite_diagnosis_code_list
    on
        respite_diagnosis_code_list.code_list = 'respite_diagnosis'
        and {{ code_key('mhs605_sec_diag.sec_diag') }} = respite_diagnosis_code_list.code_key
        and {{ valid_on('respite_diagnosis_code_list', 'submission.period_end') }}
