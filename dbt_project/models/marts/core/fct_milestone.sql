with item_month as (

    select
        int_programme_item_month.*,
        row_number() over (
            partition by int_programme_item_month.system_code, int_programme_item_month.item_reference
            order by int_programme_item_month.period_end desc
        ) as recency
    from {{ ref('int_programme_item_month') }} as int_programme_item_month

)

select
    {{ joined_key(['system_code', 'item_reference']) }} as milestone_key,
    system_code,
    item_reference,
    item_type,
    programme_workstream,
    owning_organisation,
    start_date,
    due_date,
    forecast_date,
    completed_date,
    progress_rating,
    is_completed_on_time,
    is_under_way,
    case
        when completed_date is null and due_date < period_end then {{ days_between('due_date', 'period_end') }}
        when completed_date > due_date then {{ days_between('due_date', 'completed_date') }}
        else 0
    end as days_late,
    period_end as as_at_period_end
from item_month
where recency = 1
