with mhs002_gp as (

    select * from {{ source('lake', 'mhs002_gp') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs002_gp._file_id as file_id,
    mhs002_gp._row_number as source_row_number,
    mhs002_gp.local_patient_id_token,
    mhs002_gp.gmp_reg,
    mhs002_gp.start_date_gmp_registration,
    mhs002_gp.end_date_gmp_registration
from mhs002_gp
inner join submission
    on mhs002_gp._file_id = submission.file_id
