{#- What one quarter's submissions say last about a person: the rank of a row is by whether it says anything about the
    attribute, then by the latest event, then by the last row. -#}
{%- set attributes = ['birth_month', 'date_of_death', 'sex', 'ethnicity_group', 'lsoa_code'] -%}
{%- set statuses = ['accommodation_status', 'employment_status'] -%}

with event_row as (

    select * from {{ ref('stg_cld') }}

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

ranked as (

    select
        person_link.person_key,
        event_row.*,
        {% for attribute in attributes -%}
        row_number() over (
            partition by person_link.person_key, event_row.submission_period_end
            order by
                case when event_row.{{ attribute }} is null then 1 else 0 end,
                event_row.event_start_date desc,
                event_row.source_row_number desc,
                event_row.la_code desc
        ) as {{ attribute }}_rank,
        {% endfor -%}
        {% for status in statuses -%}
        rank() over (
            partition by person_link.person_key, event_row.submission_period_end
            order by
                case when coalesce(event_row.{{ status }}_group, '{{ var("unknown") }}') = '{{ var("unknown") }}' then 1 else 0 end,
                event_row.event_start_date desc
        ) as {{ status }}_rank{% if not loop.last %},{% endif %}
        {% endfor %}
    from event_row
    inner join person_link
        on event_row.person_token = person_link.person_token

),

known as (

    select
        person_key,
        submission_period_end,
        {% for attribute in attributes -%}
        max(case when {{ attribute }}_rank = 1 then {{ attribute }} end) as {{ attribute }},
        {% endfor -%}
        {% for status in statuses -%}
        min(case when {{ status }}_rank = 1 and {{ status }}_group <> '{{ var("unknown") }}' then {{ status }} end) as {{ status }}_first,
        max(case when {{ status }}_rank = 1 and {{ status }}_group <> '{{ var("unknown") }}' then {{ status }} end) as {{ status }}_last,
        max(case when {{ status }}_rank = 1 and {{ status }}_group <> '{{ var("unknown") }}' then {{ status }}_group end) as {{ status }}_group{% if not loop.last %},{% endif %}
        {% endfor %}
    from ranked
    group by person_key, submission_period_end

)

-- Two known statuses on one day contradict each other: neither is believed.
select
    person_key,
    submission_period_end,
    {% for attribute in attributes -%}
    {{ attribute }},
    {% endfor -%}
    {% for status in statuses -%}
    case when {{ status }}_first = {{ status }}_last then {{ status }}_first when {{ status }}_first is not null then '{{ var("unknown") }}' end as {{ status }},
    case when {{ status }}_first = {{ status }}_last then {{ status }}_group when {{ status }}_first is not null then '{{ var("unknown") }}' end as {{ status }}_group{% if not loop.last %},{% endif %}
    {% endfor %}
from known
