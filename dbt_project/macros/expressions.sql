{# True when a text is one of a semicolon-separated list held in a seed. #}
{% macro in_list(value, list) -%}
    (';' || {{ list }} || ';') like ('%;' || {{ value }} || ';%')
{%- endmacro %}

{# How many items a semicolon-separated list has. #}
{% macro list_length(list) -%}
    (length({{ list }}) - length(replace({{ list }}, ';', '')) + 1)
{%- endmacro %}

{# The key by which received codes are compared: case and surrounding blanks do not matter. #}
{% macro code_key(value) -%}
    upper(trim({{ value }}))
{%- endmacro %}

{# True when a date lies in the half-open validity of a row of reference data. #}
{% macro valid_on(relation, day) -%}
    {{ day }} >= {{ relation }}.valid_from and {{ day }} < {{ relation }}.valid_to
{%- endmacro %}

{# Validity columns with the open ends filled in. #}
{% macro validity() -%}
    coalesce(valid_from, date '1900-01-01') as valid_from,
    coalesce(valid_to, date '9999-12-31') as valid_to
{%- endmacro %}

{# A code in snake case as readers see it: age_band becomes Age band. Codes of three letters or fewer are initials. #}
{% macro display_name(code) -%}
    case
        when length({{ code }}) <= 3 and {{ code }} <> 'all' then upper({{ code }})
        else upper(substr({{ code }}, 1, 1)) || replace(substr({{ code }}, 2), '_', ' ')
    end
{%- endmacro %}
