{# Every cell that contributions belong to: each counts once in each of its areas, and in places and systems once more by
   each characteristic. `contribution` is a relation with the columns of measure_contribution and the area of the
   system; `figures` maps the name of each figure to its aggregate expression. A characteristic of some measures only
   is rolled up for those. #}
{% macro roll_up(contribution, figures) %}
{%- set own = var('own_breakdowns') -%}
{%- set branches = [] -%}
{%- for type, column in var('geography_columns').items() -%}
{%- set breakdowns = var('breakdown_columns') + own.keys() | list if type in var('breakdown_geographies') else [] -%}
{%- for breakdown in ['all'] + breakdowns -%}
{%- do branches.append((type, column, breakdown)) -%}
{%- endfor -%}
{%- endfor -%}
{%- for type, column, breakdown in branches %}
select
    measure_id,
    system_code,
    period_end,
    '{{ type }}' as geography_type,
    {{ column }} as geography_code,
    '{{ breakdown }}' as breakdown_type,
    {{ "'All'" if breakdown == 'all' else breakdown }} as breakdown_value
    {%- for name, expression in figures.items() %},
    {{ expression }} as {{ name }}
    {%- endfor %}
from {{ contribution }}
where
    {{ column }} is not null
    {%- if breakdown in own %}
    and measure_id in ('{{ own[breakdown] | join("', '") }}')
    {%- endif %}
group by measure_id, system_code, period_end, {{ column }}{% if breakdown != 'all' %}, {{ breakdown }}{% endif %}
{% if not loop.last %}
union all
{% endif %}
{%- endfor %}
{%- endmacro %}
