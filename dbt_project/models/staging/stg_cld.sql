{{ config(materialized='table') }}

{#- Listed columns must be one of the specification's values: anything else is said to be unmapped. -#}
{%- set worded = [
    'client_type', 'primary_support_reason', 'accommodation_status', 'employment_status', 'event_type', 'service_type',
    'service_component', 'assessment_type', 'request_route_of_access',
] -%}
{%- set listed = ['gender', 'ethnicity'] + worded -%}

-- A council whose area is wider than its place (the place lies in a county of another code) tells of people of the
-- place and of others: they are told apart by their home or, where it is not known, by their GP practice. A home in a
-- small area that is not ours is known, and elsewhere.
with event_row as (

    select * from {{ source('lake', 'cld') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'cld'

),

cld_code as (

    select * from {{ ref('stg_cld_code') }}

),

geography_link as (

    select * from {{ ref('stg_geography_link') }}

),

wider_council as (

    select
        council_link.child_code as la_code,
        council_link.parent_code as place_code
    from geography_link as council_link
    inner join geography_link as county_link
        on
            council_link.parent_type = county_link.child_type
            and council_link.parent_code = county_link.child_code
            and county_link.parent_type = 'county'
    where council_link.child_type = 'council'

),

practice_link as (

    select * from geography_link where child_type = 'practice' and parent_type = 'place'

),

lsoa as (

    select * from {{ ref('stg_lsoa') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    event_row._file_id as file_id,
    event_row._row_number as source_row_number,
    event_row.person_token,
    event_row.person_token_source,
    event_row.la_code,
    event_row.gp_practice_code,
    event_row.birth_month,
    event_row.date_of_death,
    case when event_row.gender is not null then coalesce(gender_code.label, '{{ var("unknown") }}') end as sex,
    case
        when event_row.ethnicity is not null
            then coalesce(ethnicity_code.group_name, '{{ var("ethnicity_unknown") }}')
    end as ethnicity_group,
    event_row.postcode_lsoa_code as lsoa_code,
    client_type_code.group_name as client_type_group,
    primary_support_reason_code.group_name as primary_support_reason_group,
    accommodation_status_code.group_name as accommodation_status_group,
    employment_status_code.group_name as employment_status_group,
    service_type_code.group_name as service_type_group,
    {% for column in worded -%}
    case
        when event_row.{{ column }} is not null
            then coalesce({{ column }}_code.standard_code, '{{ var("cld_unmapped") }}')
    end as {{ column }},
    {% endfor -%}
    event_row.event_reference_token,
    event_row.event_start_date,
    event_row.event_end_date,
    event_row.delivery_mechanism,
    event_row.unit_cost,
    event_row.cost_frequency_unit_type,
    event_row.planned_units_per_week,
    wider_council.la_code is null
    or coalesce(
        case
            when event_row.postcode_lsoa_code is null then practice_link.parent_code
            else lsoa.place_code
        end = wider_council.place_code,
        false
    ) as is_of_place
from event_row
inner join submission
    on event_row._file_id = submission.file_id
{% for column in listed %}
left join cld_code as {{ column }}_code
    on
        {{ column }}_code.column_name = '{{ column }}'
        and {{ code_key('event_row.' ~ column) }} = {{ column }}_code.code_key
{% endfor %}
left join wider_council
    on submission.partner_code = wider_council.la_code
left join lsoa
    on event_row.postcode_lsoa_code = lsoa.lsoa_code
left join practice_link
    on
        {{ code_key('event_row.gp_practice_code') }} = practice_link.child_code
        and {{ valid_on('practice_link', 'submission.period_end') }}
