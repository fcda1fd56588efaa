{# The key of a row in one column, of which BI tools make relations: the parts of its grain with colons between them, like
   llr:place:E06000016. A part that is missing makes the key missing, which the test of each key finds. Parts are codes,
   dates and pseudonyms: never an identifier, never free text. #}
{% macro joined_key(parts) -%}
    {%- for part in parts -%}
    cast({{ part }} as {{ dbt.type_string() }}){% if not loop.last %} || ':' || {% endif %}
    {%- endfor -%}
{%- endmacro %}
