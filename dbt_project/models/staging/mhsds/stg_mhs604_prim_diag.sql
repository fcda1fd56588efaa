with mhs604_prim_diag as (

    select * from {{ source('lake', 'mhs604_prim_diag') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs604_prim_diag._file_id as file_id,
    mhs604_prim_diag._row_number as source_row_number,
    mhs604_prim_diag.service_request_id_token,
    mhs604_prim_diag.diag_scheme_in_use,
    mhs604_prim_diag.prim_diag,
    coalesce(
        mhs604_prim_diag.diag_scheme_in_use = '02'
        and (upper(mhs604_prim_diag.prim_diag) like 'F7%' or upper(mhs604_prim_diag.prim_diag) like 'F84%'),
        false
    ) as is_lda_diagnosis
from mhs604_prim_diag
inner join submission
    on mhs604_prim_diag._file_id = submission.file_id
