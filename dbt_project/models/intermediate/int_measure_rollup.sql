{#- The one roll-up of every measure: each contribution is counted once in each area it belongs to, and in places and
    systems once more by each characteristic. What a measure may show is decided by the catalogue, downstream. -#}
{%- set geography_columns = var('geography_columns') -%}
{%- set breakdown_columns = var('breakdown_columns') -%}
{%- set key = ['measure_id', 'system_code', 'period_end'] -%}

with contribution as (

    select
        measure_contribution.*,
        system.system_geography_code
    from {{ ref('measure_contribution') }} as measure_contribution
    inner join {{ ref('stg_system') }} as system
        on measure_contribution.system_code = system.system_code

),

grouped as (

    select
        {{ (key + geography_columns.values() | list + breakdown_columns) | join(',\n        ') }},
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from contribution
    group by grouping sets (
        {%- for geography, column in geography_columns.items() %}
        ({{ (key + [column]) | join(', ') }}){% if not loop.last or geography in var('breakdown_geographies') %},{% endif %}
        {%- if geography in var('breakdown_geographies') %}
        {%- set last_geography = loop.last %}
        {%- for breakdown in breakdown_columns %}
        ({{ (key + [column, breakdown]) | join(', ') }}){% if not (loop.last and last_geography) %},{% endif %}
        {%- endfor %}
        {%- endif %}
        {%- endfor %}
    )

)

-- No attribute of a contribution is null, so a null here is a column that the row is not grouped by.
select
    measure_id,
    system_code,
    period_end,
    case
        {%- for type, column in geography_columns.items() %}
        when {{ column }} is not null then '{{ type }}'
        {%- endfor %}
    end as geography_type,
    coalesce({{ geography_columns.values() | join(', ') }}) as geography_code,
    case
        {%- for column in breakdown_columns %}
        when {{ column }} is not null then '{{ column }}'
        {%- endfor %}
        else 'all'
    end as breakdown_type,
    coalesce({{ breakdown_columns | join(', ') }}, 'All') as breakdown_value,
    cast(numerator as bigint) as numerator,
    cast(denominator as bigint) as denominator
from grouped
