{#- What one period's submissions say last of a person. An attribute comes from the latest event that says anything of
    it. A status is known when it is in a group other than unknown; two known ones on the latest day contradict each other
    and neither is believed. -#}
{%- set unknown = "'" ~ var('unknown') ~ "'" -%}
{%- set attributes = ['birth_month', 'date_of_death', 'sex', 'ethnicity_group', 'lsoa_code'] -%}
{%- set statuses = ['accommodation_status', 'employment_status'] -%}
{%- set person = 'event_row.system_code, event_row.person_key, event_row.submission_period_end' -%}
{%- set latest_first = 'event_row.event_start_date desc, event_row.source_row_number desc, event_row.la_code desc' -%}

with person_link as (

    select * from {{ ref('int_person_link') }}

),

event_row as (

    select
        person_link.person_key,
        {% for status in statuses -%}
        nullif(stg_cld.{{ status }}_group, {{ unknown }}) as known_{{ status }}_group,
        {% endfor -%}
        stg_cld.*
    from {{ ref('stg_cld') }} as stg_cld
    inner join person_link
        on stg_cld.person_token = person_link.person_token
    where coalesce(stg_cld.is_of_place, true)

),

ranked as (

    select
        {% for attribute in attributes -%}
        {{ latest_known_rank('event_row.' ~ attribute, person, latest_first) }} as {{ attribute }}_rank,
        {% endfor -%}
        event_row.*
    from event_row

),

attribute as (

    select
        {% for attribute in attributes -%}
        {{ latest_known(attribute) }} as {{ attribute }},
        {% endfor -%}
        system_code,
        person_key,
        submission_period_end
    from ranked
    group by system_code, person_key, submission_period_end

),

{% for status in statuses %}
{{ status }}_latest_day as (

    select
        system_code,
        person_key,
        submission_period_end,
        max(event_start_date) as event_start_date
    from event_row
    where known_{{ status }}_group is not null
    group by system_code, person_key, submission_period_end

),

{{ status }}_known as (

    select
        event_row.system_code,
        event_row.person_key,
        event_row.submission_period_end,
        min(event_row.{{ status }}) as first_status,
        max(event_row.{{ status }}) as last_status,
        max(event_row.known_{{ status }}_group) as status_group
    from event_row
    inner join {{ status }}_latest_day
        on
            event_row.system_code = {{ status }}_latest_day.system_code
            and event_row.person_key = {{ status }}_latest_day.person_key
            and event_row.submission_period_end = {{ status }}_latest_day.submission_period_end
            and event_row.event_start_date = {{ status }}_latest_day.event_start_date
    where event_row.known_{{ status }}_group is not null
    group by event_row.system_code, event_row.person_key, event_row.submission_period_end

),

{{ status }}_believed as (

    select
        system_code,
        person_key,
        submission_period_end,
        case when first_status = last_status then first_status else {{ unknown }} end as status,
        case when first_status = last_status then status_group else {{ unknown }} end as status_group
    from {{ status }}_known

){% if not loop.last %},{% endif %}
{% endfor %}

select
    attribute.system_code,
    attribute.person_key,
    attribute.submission_period_end,
    attribute.birth_month,
    attribute.date_of_death,
    attribute.sex,
    attribute.ethnicity_group,
    attribute.lsoa_code,
    accommodation_status_believed.status as accommodation_status,
    accommodation_status_believed.status_group as accommodation_status_group,
    employment_status_believed.status as employment_status,
    employment_status_believed.status_group as employment_status_group
from attribute
left join accommodation_status_believed
    on
        attribute.system_code = accommodation_status_believed.system_code
        and attribute.person_key = accommodation_status_believed.person_key
        and attribute.submission_period_end = accommodation_status_believed.submission_period_end
left join employment_status_believed
    on
        attribute.system_code = employment_status_believed.system_code
        and attribute.person_key = employment_status_believed.person_key
        and attribute.submission_period_end = employment_status_believed.submission_period_end
