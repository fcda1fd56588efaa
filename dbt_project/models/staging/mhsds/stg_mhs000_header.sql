with mhs000_header as (

    select * from {{ source('lake', 'mhs000_header') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs000_header._file_id as file_id,
    mhs000_header._row_number as source_row_number,
    mhs000_header.dat_set_ver,
    mhs000_header.org_id_provider,
    mhs000_header.reporting_period_start_date,
    mhs000_header.reporting_period_end_date
from mhs000_header
inner join submission
    on mhs000_header._file_id = submission.file_id
