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

{# True when none of some end dates lies before a day; what has no end date has not ended. #}
{% macro lasts_to(end_dates, day) -%}
    (
        {%- for end_date in end_dates %}
        ({{ end_date }} is null or {{ end_date }} >= {{ day }}){% if not loop.last %} and{% endif %}
        {%- endfor %}
    )
{%- endmacro %}

{# A day after every other, for what has not ended. #}
{% macro far_future() -%}
    date '9999-12-31'
{%- endmacro %}

{# Validity columns with the open ends filled in. #}
{% macro validity() -%}
    coalesce(valid_from, date '1900-01-01') as valid_from,
    coalesce(valid_to, {{ far_future() }}) as valid_to
{%- endmacro %}

{# A code in snake case as readers see it: age_band becomes Age band. Codes of three letters or fewer are initials. #}
{% macro display_name(code) -%}
    case
        when length({{ code }}) <= 3 and {{ code }} <> 'all' then upper({{ code }})
        else upper(substr({{ code }}, 1, 1)) || replace(substr({{ code }}, 2), '_', ' ')
    end
{%- endmacro %}

{# True when somebody's latest health check lies in the rolling year to a month end, with a health action plan made at the
   check or after it (NICE indicators 265 and 266). The year begins the day after the same month's end a year before. #}
{% macro checked_and_planned_in_rolling_year(member, period_end) -%}
    coalesce(
        {{ member }}.ahc_date > {{ month_end(add_months(period_end, -var('rolling_months'))) }}
        and {{ member }}.ahc_date <= {{ period_end }}
        and {{ member }}.hap_date >= {{ member }}.ahc_date
        and {{ member }}.hap_date <= {{ period_end }},
        false
    )
{%- endmacro %}
