with action_row as (

    select * from {{ source('lake', 'leder_action') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'leder_action'

),

code_list as (

    select * from {{ ref('stg_code_list') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    action_row._file_id as file_id,
    action_row._row_number as source_row_number,
    action_row.action_id_token,
    action_row.review_id_token,
    coalesce(council_code.standard_code, '{{ var("unknown") }}') as place_code,
    coalesce(theme_code.label, '{{ var("unknown") }}') as action_theme,
    coalesce(owner_code.label, '{{ var("unknown") }}') as action_owner,
    coalesce(status_code.label, '{{ var("unknown") }}') as action_status,
    action_row.raised_date,
    action_row.due_date,
    action_row.completion_date
from action_row
inner join submission
    on action_row._file_id = submission.file_id
{{ join_code_lists('action_row', [
    ('council', 'responsible_council', 'council_code'),
    ('leder_action_theme', 'theme', 'theme_code'),
    ('leder_action_owner', 'owner', 'owner_code'),
    ('leder_action_status', 'status', 'status_code'),
]) }}
