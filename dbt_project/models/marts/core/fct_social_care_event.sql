with cld_event as (

    select * from {{ ref('int_cld_event') }}

),

geography_link as (

    select * from {{ ref('stg_geography_link') }} where child_type = 'council' and parent_type = 'place'

),

latest_month as (

    select * from {{ ref('int_system_month') }} where is_latest_period

),

organisation as (

    select organisation_key, organisation_code from {{ ref('dim_organisation') }}

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    {{ joined_key(['cld_event.file_id', 'cld_event.source_row_number']) }} as event_key,
    cld_event.person_key,
    coalesce(organisation.organisation_key, '-1') as organisation_key,
    cld_event.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    coalesce(geography_link.parent_code, '{{ var("unknown") }}') as place_code,
    cld_event.client_type,
    cld_event.primary_support_reason,
    cld_event.event_type,
    cld_event.event_start_date,
    cld_event.event_end_date,
    cld_event.service_type,
    cld_event.service_type_group,
    cld_event.service_component,
    cld_event.assessment_type,
    cld_event.request_route_of_access,
    cld_event.delivery_mechanism,
    cld_event.unit_cost,
    cld_event.cost_frequency_unit_type,
    cld_event.planned_units_per_week,
    cld_event.in_force_from as submission_period_end
from cld_event
inner join latest_month
    on cld_event.system_code = latest_month.system_code
left join geography_link
    on
        cld_event.la_code = geography_link.child_code
        and {{ valid_on('geography_link', 'latest_month.period_end') }}
left join organisation
    on cld_event.la_code = organisation.organisation_code
left join place
    on geography_link.parent_code = place.geography_code
where cld_event.in_force_until > latest_month.period_end
