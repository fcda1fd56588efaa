-- What a council plans to spend a week on somebody's long-term support: the services open at the quarter end, each unit
-- cost turned into pounds a week. A cost whose frequency says nothing of a week (a one-off payment) is not known by the
-- week.
with cld_event as (

    select * from {{ ref('int_cld_event') }}

),

quarter_end as (

    select distinct period_end from {{ ref('int_measure_period') }} where feed = 'cld'

),

cost_frequency as (

    select * from {{ ref('stg_cost_frequency') }}

),

costed as (

    select
        quarter_end.period_end,
        cld_event.system_code,
        cld_event.person_key,
        cld_event.unit_cost
        * case when cost_frequency.uses_planned_units then cld_event.planned_units_per_week else 1 end
        / cost_frequency.weeks_per_unit as weekly_cost
    from cld_event
    inner join quarter_end
        on
            cld_event.in_force_from <= quarter_end.period_end
            and cld_event.in_force_until > quarter_end.period_end
            and cld_event.event_start_date <= quarter_end.period_end
            and (cld_event.event_end_date is null or cld_event.event_end_date >= quarter_end.period_end)
    inner join cost_frequency
        on
            {{ code_key('cld_event.cost_frequency_unit_type') }} = cost_frequency.code_key
            and {{ valid_on('cost_frequency', 'quarter_end.period_end') }}
    where
        cld_event.event_type = 'Service'
        and cld_event.client_type_group = 'service_user'
        and cld_event.primary_support_reason_group = 'learning_disability'
        and cld_event.service_type_group = 'long_term'

)

select
    period_end,
    system_code,
    person_key,
    cast(sum(weekly_cost) as double) as weekly_cost,
    count(*) as services
from costed
where weekly_cost is not null
group by period_end, system_code, person_key
