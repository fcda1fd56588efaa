with item_row as (

    select * from {{ ref('stg_programme') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'programme'

)

select
    effective_submission.period_end,
    item_row.system_code,
    item_row.item_reference,
    item_row.item_type,
    item_row.programme_workstream,
    item_row.owning_organisation,
    item_row.start_date,
    item_row.due_date,
    item_row.forecast_date,
    item_row.completed_date,
    item_row.progress_rating,
    coalesce(item_row.completed_date <= item_row.due_date, false) as is_completed_on_time,
    item_row.start_date <= effective_submission.period_end
    and coalesce(item_row.completed_date > effective_submission.period_end, true) as is_under_way
from item_row
inner join effective_submission
    on item_row.file_id = effective_submission.file_id
