with team_row as (

    select * from {{ ref('stg_keyworker') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'keyworker'

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    {{ joined_key([
        'team_row.system_code', 'team_row.team_code', 'team_row.place_code', 'effective_submission.period_end'
    ]) }} as caseload_key,
    effective_submission.period_end,
    team_row.system_code,
    team_row.team_code,
    coalesce(place.geography_key, '-1') as place_key,
    team_row.place_code,
    team_row.keyworkers_in_post,
    team_row.caseload,
    team_row.rated_red,
    team_row.rated_amber,
    team_row.rated_green,
    team_row.rated_blue,
    team_row.started,
    team_row.ended,
    team_row.waiting,
    effective_submission.is_stale
from team_row
inner join effective_submission
    on team_row.file_id = effective_submission.file_id
left join place
    on team_row.place_code = place.geography_code
