{#- A left join to `code_list` for each coded column of a row as it was sent. `lists` are (code list, column, alias)
   triples; a code counts on the last day of the submission it came in. The model imports `code_list` and `submission`. -#}
{% macro join_code_lists(member, lists) -%}
{% for list, column, alias in lists -%}
left join code_list as {{ alias }}
    on
        {{ alias }}.code_list = '{{ list }}'
        and {{ code_key(member ~ '.' ~ column) }} = {{ alias }}.code_key
        and {{ valid_on(alias, 'submission.period_end') }}
{% endfor %}
{%- endmacro %}
