with mhs505_restrictive_intervent_inc as (

    select * from {{ source('lake', 'mhs505_restrictive_intervent_inc') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs505_restrictive_intervent_inc._file_id as file_id,
    mhs505_restrictive_intervent_inc._row_number as source_row_number,
    mhs505_restrictive_intervent_inc.restrictive_int_inc_id_token,
    mhs505_restrictive_intervent_inc.hosp_prov_spell_id_token,
    mhs505_restrictive_intervent_inc.start_date_restrictive_int_inc,
    mhs505_restrictive_intervent_inc.end_date_restrictive_int_inc
from mhs505_restrictive_intervent_inc
inner join submission
    on mhs505_restrictive_intervent_inc._file_id = submission.file_id
