-- Councils send a rolling year, so the same event comes back quarter after quarter. An event is told by what it is,
-- not by its reference. A version stands until the council's next submission whose rolling year the event falls in: the
-- latest submission is the whole picture, so what it should hold and does not was withdrawn (docs/decisions.md).
with event_row as (

    select
        stg_cld.*,
        case when stg_cld.event_type = 'Service' then null else stg_cld.event_end_date end as identifying_end_date
    from {{ ref('stg_cld') }} as stg_cld

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

council_submission as (

    select
        la_code,
        submission_period_end,
        lead(submission_period_end) over (partition by la_code order by submission_period_end) as next_period_end
    from event_row
    group by la_code, submission_period_end

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
    where coalesce(event_row.is_of_place, true)

)

select
    ranked.person_key,
    ranked.system_code,
    ranked.la_code,
    ranked.file_id,
    ranked.source_row_number,
    ranked.client_type,
    ranked.client_type_group,
    ranked.primary_support_reason,
    ranked.primary_support_reason_group,
    ranked.event_type,
    ranked.event_start_date,
    ranked.event_end_date,
    ranked.service_type,
    ranked.service_type_group,
    ranked.service_component,
    ranked.assessment_type,
    ranked.request_route_of_access,
    ranked.delivery_mechanism,
    ranked.unit_cost,
    ranked.cost_frequency_unit_type,
    ranked.planned_units_per_week,
    ranked.submission_period_end as in_force_from,
    coalesce(
        case
            when
                ranked.event_end_date is null
                or ranked.event_end_date
                >= {{ add_months(month_start('council_submission.next_period_end'), 1 - var('rolling_months')) }}
                then council_submission.next_period_end
        end,
        lead(ranked.submission_period_end) over (
            partition by
                ranked.la_code, ranked.person_key, ranked.event_type, ranked.event_start_date, ranked.client_type,
                ranked.identifying_end_date, ranked.service_type, ranked.service_component, ranked.assessment_type,
                ranked.request_route_of_access
            order by ranked.submission_period_end
        ),
        date '9999-12-31'
    ) as in_force_until
from ranked
inner join council_submission
    on
        ranked.la_code = council_submission.la_code
        and ranked.submission_period_end = council_submission.submission_period_end
where ranked.preference = 1
