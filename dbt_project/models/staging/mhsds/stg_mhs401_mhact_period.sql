with mhs401_mhact_period as (

    select * from {{ source('lake', 'mhs401_mhact_period') }}

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
    mhs401_mhact_period._file_id as file_id,
    mhs401_mhact_period._row_number as source_row_number,
    mhs401_mhact_period.mhact_legal_status_class_period_id_token,
    mhs401_mhact_period.local_patient_id_token,
    mhs401_mhact_period.start_date_mhact_legal_status_class,
    mhs401_mhact_period.expiry_date_mhact_legal_status_class,
    mhs401_mhact_period.end_date_mhact_legal_status_class,
    mhs401_mhact_period.legal_status_code,
    mhs401_mhact_period.mental_cat,
    coalesce(legal_status_group_list.group_name, '{{ var("unknown") }}') as legal_status_group,
    lda_mental_category_code_list.standard_code as lda_mental_category_code
from mhs401_mhact_period
inner join submission
    on mhs401_mhact_period._file_id = submission.file_id
left join code_list as legal_status_group_list
    on
        legal_status_group_list.code_list = 'legal_status'
        and {{ code_key('mhs401_mhact_period.legal_status_code') }} = legal_status_group_list.code_key
        and {{ valid_on('legal_status_group_list', 'submission.period_end') }}
left join code_list as lda_mental_category_code_list
    on
        lda_mental_category_code_list.code_list = 'lda_mental_category'
        and {{ code_key('mhs401_mhact_period.mental_cat') }} = lda_mental_category_code_list.code_key
        and {{ valid_on('lda_mental_category_code_list', 'submission.period_end') }}
