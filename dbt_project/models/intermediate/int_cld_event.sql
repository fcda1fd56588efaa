-- Councils send a rolling year, so the same event comes back quarter after quarter. An event is told by what it is,
-- not by its reference; the version of the latest submission stands until the next submission that holds the event.
with event_row as (

    select
        stg_cld.*,
        case when stg_cld.event_type = 'Service' then null else stg_cld.event_end_date end as identifying_end_date
    from {{ ref('stg_cld') }} as stg_cld

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

ranked as (

    select
        person_link.person_key,
        event_row.*,
        row_number() over (
            partition by
                event_row.la_code, person_link.person_key, event_row.event_type, event_row.event_start_date,
                event_row.client_type, event_row.identifying_end_date, event_row.service_type,
                event_row.service_component, event_row.assessment_type, event_row.request_route_of_access,
                event_row.submission_period_end
            order by
                case when event_row.event_end_date is null then 0 else 1 end,
                event_row.source_row_number desc
        ) as preference
    from event_row
    inner join person_link
        on event_row.person_token = person_link.person_token

)

select
    person_key,
    system_code,
    la_code,
    file_id,
    source_row_number,
    client_type,
    client_type_group,
    primary_support_reason,
    primary_support_reason_group,
    event_type,
    event_start_date,
    event_end_date,
    service_type,
    service_type_group,
    service_component,
    assessment_type,
    request_route_of_access,
    delivery_mechanism,
    unit_cost,
    cost_frequency_unit_type,
    planned_units_per_week,
    submission_period_end as in_force_from,
    coalesce(
        lead(submission_period_end) over (
            partition by
                la_code, person_key, event_type, event_start_date, client_type, identifying_end_date, service_type,
                service_component, assessment_type, request_route_of_access
            order by submission_period_end
        ),
        date '9999-12-31'
    ) as in_force_until
from ranked
where preference = 1
