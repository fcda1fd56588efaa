with mhs518_clin_readyfor_discharge as (

    select * from {{ source('lake', 'mhs518_clin_readyfor_discharge') }}

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
    mhs518_clin_readyfor_discharge._file_id as file_id,
    mhs518_clin_readyfor_discharge._row_number as source_row_number,
    mhs518_clin_readyfor_discharge.hosp_prov_spell_id_token,
    mhs518_clin_readyfor_discharge.start_date_clin_ready_for_disch,
    mhs518_clin_readyfor_discharge.end_date_clin_ready_for_disch,
    mhs518_clin_readyfor_discharge.clin_ready_for_disch_delay_reason,
    mhs518_clin_readyfor_discharge.attrib_to_indic,
    delay_reason_code_list.standard_code as delay_reason_code
from mhs518_clin_readyfor_discharge
inner join submission
    on mhs518_clin_readyfor_discharge._file_id = submission.file_id
left join code_list as delay_reason_code_list
    on
        delay_reason_code_list.code_list = 'delay_reason'
        and {{ code_key('mhs518_clin_readyfor_discharge.clin_ready_for_disch_delay_reason') }}
        = delay_reason_code_list.code_key
        and {{ valid_on('delay_reason_code_list', 'submission.period_end') }}
