with mhs512_hosp_spell_comm_ass_per as (

    select * from {{ source('lake', 'mhs512_hosp_spell_comm_ass_per') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs512_hosp_spell_comm_ass_per._file_id as file_id,
    mhs512_hosp_spell_comm_ass_per._row_number as source_row_number,
    mhs512_hosp_spell_comm_ass_per.hosp_prov_spell_id_token,
    mhs512_hosp_spell_comm_ass_per.org_id_comm,
    mhs512_hosp_spell_comm_ass_per.start_date_org_code_comm,
    mhs512_hosp_spell_comm_ass_per.end_date_org_code_comm
from mhs512_hosp_spell_comm_ass_per
inner join submission
    on mhs512_hosp_spell_comm_ass_per._file_id = submission.file_id
