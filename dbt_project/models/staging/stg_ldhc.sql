with return_row as (

    select * from {{ source('lake', 'ldhc') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'ldhc'

),

code_list as (

    select * from {{ ref('stg_code_list') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    return_row._file_id as file_id,
    return_row._row_number as source_row_number,
    return_row.org_code as practice_code,
    return_row.ach_date as achievement_date,
    indicator_code.standard_code as indicator_code,
    indicator_code.group_name as indicator_group,
    field_code.group_name as field_group,
    return_row.value as people,
    coalesce(approved_code.standard_code = 'Y', false) as is_approved
from return_row
inner join submission
    on return_row._file_id = submission.file_id
left join code_list as indicator_code
    on
        indicator_code.code_list = 'ldhc_indicator'
        and {{ code_key('return_row.ind_code') }} = indicator_code.code_key
        and {{ valid_on('indicator_code', 'submission.period_end') }}
left join code_list as field_code
    on
        field_code.code_list = 'ldhc_field'
        and {{ code_key('return_row.field_name') }} = field_code.code_key
        and {{ valid_on('field_code', 'submission.period_end') }}
left join code_list as approved_code
    on
        approved_code.code_list = 'yes_no'
        and {{ code_key('return_row.approved') }} = approved_code.code_key
        and {{ valid_on('approved_code', 'submission.period_end') }}
