with employer_row as (

    select * from {{ source('lake', 'training') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'training'

),

code_list as (

    select * from {{ ref('stg_code_list') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    employer_row._file_id as file_id,
    employer_row._row_number as source_row_number,
    employer_row.employer_code,
    coalesce(type_code.label, '{{ var("unknown") }}') as employer_type,
    employer_row.as_at_date,
    employer_row.tier_1_in_scope,
    employer_row.tier_1_completed,
    employer_row.tier_2_in_scope,
    employer_row.tier_2_completed
from employer_row
inner join submission
    on employer_row._file_id = submission.file_id
{{ join_code_lists('employer_row', [
    ('employer_type', 'employer_type', 'type_code'),
]) }}
