with mhs005_pat_ind as (

    select * from {{ source('lake', 'mhs005_pat_ind') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs005_pat_ind._file_id as file_id,
    mhs005_pat_ind._row_number as source_row_number,
    mhs005_pat_ind.local_patient_id_token,
    mhs005_pat_ind.ld_status,
    mhs005_pat_ind.autism_status,
    mhs005_pat_ind.reasonable_adjustment_ind
from mhs005_pat_ind
inner join submission
    on mhs005_pat_ind._file_id = submission.file_id
