{#- What is known of a person across the feeds. The nearer to the person's own record the feed, the more it is believed:
    GP, hospital, LeDeR, council. Within a feed the latest submission that says anything is believed. -#}
{%- set feeds = [
    ('stg_gp_ld_register', 'birth_month', 'deceased_date', 1),
    ('stg_inpatient_census', 'birth_month', none, 2),
    ('stg_leder', none, 'death_date', 3),
    ('stg_cld', 'birth_month', 'date_of_death', 4),
    ('stg_mhs001_mpi', 'birth_month', 'pers_death_date', 5),
    ('stg_dsr', 'birth_month', none, 6),
    ('stg_autism_waiting_list', 'birth_month', none, 7),
] -%}
{%- set attributes = ['birth_month', 'death_date', 'sex', 'ethnicity_group', 'lsoa_code'] -%}
{%- set nearest_first = 'latest_row.feed_priority, latest_row.submission_period_end desc, latest_row.person_token' -%}

with person_link as (

    select * from {{ ref('int_person_link') }}

),

{% for model, birth_month, death_date, priority in feeds -%}
{{ model | replace('stg_', '') }}_row as (

    select
        person_token,
        {{ birth_month or 'cast(null as date)' }} as birth_month,
        {{ death_date or 'cast(null as date)' }} as death_date,
        case when sex <> '{{ var("unknown") }}' then sex end as sex,
        case when ethnicity_group <> '{{ var("ethnicity_unknown") }}' then ethnicity_group end as ethnicity_group,
        lsoa_code,
        submission_period_end,
        {{ priority }} as feed_priority,
        row_number() over (
            partition by person_token order by submission_period_end desc, source_row_number desc
        ) as recency
    from {{ ref(model) }}
    {%- if model == 'stg_cld' %}
    where coalesce(is_of_place, true)
    {%- endif %}

),

{% endfor -%}
latest_row as (

    {% for model, birth_month, death_date, priority in feeds -%}
    select * from {{ model | replace('stg_', '') }}_row where recency = 1
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

ranked as (

    select
        person_link.person_key,
        person_link.link_method,
        {% for attribute in attributes -%}
        {{ latest_known_rank('latest_row.' ~ attribute, 'person_link.person_key', nearest_first) }}
            as {{ attribute }}_rank,
        {% endfor -%}
        latest_row.*
    from latest_row
    inner join person_link
        on latest_row.person_token = person_link.person_token

)

select
    person_key,
    min(link_method) as link_method,
    {% for attribute in attributes -%}
    {{ latest_known(attribute) }} as {{ attribute }},
    {% endfor -%}
    max(case when feed_priority = 1 then 1 else 0 end) = 1 as is_in_gp_register_feed,
    max(case when feed_priority = 2 then 1 else 0 end) = 1 as is_in_inpatient_feed,
    max(case when feed_priority = 3 then 1 else 0 end) = 1 as is_in_leder_feed,
    max(case when feed_priority = 4 then 1 else 0 end) = 1 as is_in_social_care_feed,
    min(case when feed_priority = 5 then 1 else 0 end) = 1 as is_only_in_trust_feed
from ranked
group by person_key
