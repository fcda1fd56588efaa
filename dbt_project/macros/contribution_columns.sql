{# The columns every contribution begins with, in the order of measure_contribution: what is measured, when, who or
   what contributes, and where it belongs. `measure` and `member` are relation aliases. Columns named in `missing` are
   attributes that the member does not have; they become the unknown label. `own` are characteristics of this measure
   alone (var own_breakdowns). #}
{% macro contribution_columns(measure, member, missing=[], own=[]) -%}
    {{ measure }}.measure_id,
    {{ member }}.system_code,
    {{ measure }}.period_end,
    {% for column in ['person_key', 'practice_code', 'pcn_code', 'place_code'] + var('breakdown_columns') + own -%}
    {% if column == 'person_key' and column in missing -%}
    cast(null as {{ dbt.type_string() }}) as person_key
    {%- elif column in missing -%}
    '{{ var("unknown") }}' as {{ column }}
    {%- else -%}
    {{ member }}.{{ column }}
    {%- endif -%}
    {% if not loop.last %},{% endif %}
    {% endfor %}
{%- endmacro %}
