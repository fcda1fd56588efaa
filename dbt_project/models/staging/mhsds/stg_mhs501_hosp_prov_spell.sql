with mhs501_hosp_prov_spell as (

    select * from {{ source('lake', 'mhs501_hosp_prov_spell') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs501_hosp_prov_spell._file_id as file_id,
    mhs501_hosp_prov_spell._row_number as source_row_number,
    mhs501_hosp_prov_spell.hosp_prov_spell_id_token,
    mhs501_hosp_prov_spell.service_request_id_token,
    mhs501_hosp_prov_spell.start_date_hosp_prov_spell,
    mhs501_hosp_prov_spell.planned_disch_date_hosp_prov_spell,
    mhs501_hosp_prov_spell.disch_date_hosp_prov_spell,
    mhs501_hosp_prov_spell.meth_of_disch_mh_hosp_prov_spell,
    mhs501_hosp_prov_spell.dest_of_disch_hosp_prov_spell
from mhs501_hosp_prov_spell
inner join submission
    on mhs501_hosp_prov_spell._file_id = submission.file_id
