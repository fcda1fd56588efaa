with mhs007_disability_type as (

    select * from {{ source('lake', 'mhs007_disability_type') }}

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
    mhs007_disability_type._file_id as file_id,
    mhs007_disability_type._row_number as source_row_number,
    mhs007_disability_type.local_patient_id_token,
    mhs007_disability_type.disab_code,
    lda_disability_code_list.standard_code as lda_disability_code
from mhs007_disability_type
inner join submission
    on mhs007_disability_type._file_id = submission.file_id
left join code_list as lda_disability_code_list
    on
        lda_disability_code_list.code_list = 'lda_disability'
        and {{ code_key('mhs007_disability_type.disab_code') }} = lda_disability_code_list.code_key
        and {{ valid_on('lda_disability_code_list', 'submission.period_end') }}
