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
{{ join_code_lists('return_row', [
    ('ldhc_indicator', 'ind_code', 'indicator_code'),
    ('ldhc_field', 'field_name', 'field_code'),
    ('yes_no', 'approved', 'approved_code'),
]) }}
