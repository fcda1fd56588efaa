with mhs003_accomm_status as (

    select * from {{ source('lake', 'mhs003_accomm_status') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs003_accomm_status._file_id as file_id,
    mhs003_accomm_status._row_number as source_row_number,
    mhs003_accomm_status.local_patient_id_token,
    mhs003_accomm_status.accommodation_type,
    mhs003_accomm_status.settled_accommodation_ind,
    mhs003_accomm_status.accommodation_type_date
from mhs003_accomm_status
inner join submission
    on mhs003_accomm_status._file_id = submission.file_id
