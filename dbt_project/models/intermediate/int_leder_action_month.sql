with action_row as (

    select * from {{ ref('stg_leder_action') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'leder_action'

)

select
    effective_submission.period_end,
    action_row.action_id_token as action_key,
    action_row.system_code,
    action_row.place_code,
    action_row.action_theme,
    action_row.action_owner,
    action_row.action_status,
    action_row.raised_date,
    action_row.due_date,
    action_row.completion_date,
    coalesce(action_row.completion_date > effective_submission.period_end, true) as is_open,
    coalesce(action_row.completion_date > effective_submission.period_end, true)
    and action_row.due_date <= effective_submission.period_end as is_overdue
from action_row
inner join effective_submission
    on action_row.file_id = effective_submission.file_id
