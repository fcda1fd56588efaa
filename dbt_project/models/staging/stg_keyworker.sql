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
{% for list, column, alias in [
    ('council', 'responsible_council', 'council_code'),
] %}
left join code_list as {{ alias }}
    on
        {{ alias }}.code_list = '{{ list }}'
        and {{ code_key('team_row.' ~ column) }} = {{ alias }}.code_key
        and {{ valid_on(alias, 'submission.period_end') }}
{% endfor %}
