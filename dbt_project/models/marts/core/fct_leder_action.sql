with action_month as (

    select * from {{ ref('int_leder_action_month') }}

),

latest as (

    select
        action_month.*,
        row_number() over (
            partition by action_month.system_code, action_month.action_key
            order by action_month.period_end desc
        ) as recency
    from action_month

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    {{ joined_key(['latest.system_code', 'latest.action_key']) }} as action_key,
    latest.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    latest.place_code,
    latest.action_theme,
    latest.action_owner,
    latest.action_status,
    latest.raised_date,
    latest.due_date,
    latest.completion_date,
    latest.is_open,
    latest.is_overdue,
    latest.period_end as as_at_period_end
from latest
left join place
    on latest.place_code = place.geography_code
where latest.recency = 1
