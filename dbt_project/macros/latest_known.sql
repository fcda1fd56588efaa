{# The place of a row in the queue of those that say something of a person: rows that say nothing come last, the others
   in the order given. Rank 1 is the latest known, if it says anything at all. #}
{% macro latest_known_rank(attribute, partition, latest_first) -%}
    row_number() over (
        partition by {{ partition }}
        order by case when {{ attribute }} is null then 1 else 0 end, {{ latest_first }}
    )
{%- endmacro %}

{# What the row of rank 1 says of an attribute, within a group. #}
{% macro latest_known(attribute) -%}
    max(case when {{ attribute }}_rank = 1 then {{ attribute }} end)
{%- endmacro %}
