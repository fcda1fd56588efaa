with team_row as (

    select * from {{ source('lake', 'keyworker') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'keyworker'

),

code_list as (

    select * from {{ ref('stg_code_list') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    team_row._file_id as file_id,
    team_row._row_number as source_row_number,
    team_row.team_code,
    coalesce(council_code.standard_code, '{{ var("unknown") }}') as place_code,
    team_row.keyworkers_in_post,
    team_row.caseload,
    team_row.rated_red,
    team_row.rated_amber,
    team_row.rated_green,
    team_row.rated_blue,
    team_row.started,
    team_row.ended,
    team_row.waiting
from team_row
inner join submission
    on team_row._file_id = submission.file_id
{{ join_code_lists('team_row', [
    ('council', 'responsible_council', 'council_code'),
]) }}
