with item_row as (

    select * from {{ source('lake', 'programme') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'programme'

),

code_list as (

    select * from {{ ref('stg_code_list') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    item_row._file_id as file_id,
    item_row._row_number as source_row_number,
    item_row.item_reference,
    coalesce(type_code.group_name, '{{ var("unknown") }}') as item_type,
    coalesce(workstream_code.label, '{{ var("unknown") }}') as programme_workstream,
    coalesce(owner_code.label, '{{ var("unknown") }}') as owning_organisation,
    item_row.start_date,
    item_row.due_date,
    item_row.forecast_date,
    item_row.completed_date,
    coalesce(rating_code.label, '{{ var("unknown") }}') as progress_rating
from item_row
inner join submission
    on item_row._file_id = submission.file_id
{{ join_code_lists('item_row', [
    ('programme_item_type', 'item_type', 'type_code'),
    ('programme_workstream', 'workstream', 'workstream_code'),
    ('programme_owner', 'owner', 'owner_code'),
    ('programme_rating', 'rating', 'rating_code'),
]) }}
