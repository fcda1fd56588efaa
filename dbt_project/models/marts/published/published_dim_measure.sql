{{ config(alias='dim_measure') }}

with measure as (

    select * from {{ ref('stg_measure') }}

),

theme as (

    select theme, min(sort_order) as sort_order from measure group by theme

)

select
    measure.measure_id,
    measure.name as measure_name,
    measure.theme,
    theme.sort_order as theme_sort_order,
    measure.sort_order as measure_sort_order,
    measure.unit,
    case measure.unit
        {%- for unit, format in var('unit_formats').items() if unit != 'other' %}
        when '{{ unit }}' then '{{ format }}'
        {%- endfor %}
        else '{{ var('unit_formats')['other'] }}'
    end as format_hint,
    measure.aggregation,
    measure.better_is,
    measure.numerator_definition,
    measure.denominator_definition
from measure
inner join theme
    on measure.theme = theme.theme

union all

select
    '-1' as measure_id,
    '{{ var("unknown") }}' as measure_name,
    '{{ var("unknown") }}' as theme,
    -1 as theme_sort_order,
    -1 as measure_sort_order,
    '{{ var("unknown") }}' as unit,
    '' as format_hint,
    '{{ var("unknown") }}' as aggregation,
    'neutral' as better_is,
    cast(null as {{ dbt.type_string() }}) as numerator_definition,
    cast(null as {{ dbt.type_string() }}) as denominator_definition
