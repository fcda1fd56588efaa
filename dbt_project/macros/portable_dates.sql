{# Date arithmetic that engines spell differently: one dispatched macro for each difference.
   The default is what DuckDB runs; spark__ is what Spark runs. #}

{# A date some months later (or earlier: negative). A day that the month lacks becomes its last day. #}
{% macro add_months(day, months) -%}
    {{ return(adapter.dispatch('add_months', 'lda_warehouse')(day, months)) }}
{%- endmacro %}

{% macro default__add_months(day, months) -%}
    cast({{ day }} + cast({{ months }} as integer) * interval '1 month' as date)
{%- endmacro %}

{% macro spark__add_months(day, months) -%}
    add_months({{ day }}, cast({{ months }} as int))
{%- endmacro %}

{# A date some days later (or earlier: negative). #}
{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch('add_days', 'lda_warehouse')(day, days)) }}
{%- endmacro %}

{% macro default__add_days(day, days) -%}
    ({{ day }} + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add({{ day }}, cast({{ days }} as int))
{%- endmacro %}

{# Whole days from one date to another; negative when the second is earlier. #}
{% macro days_between(from_day, to_day) -%}
    {{ return(adapter.dispatch('days_between', 'lda_warehouse')(from_day, to_day)) }}
{%- endmacro %}

{% macro default__days_between(from_day, to_day) -%}
    date_diff('day', {{ from_day }}, {{ to_day }})
{%- endmacro %}

{% macro spark__days_between(from_day, to_day) -%}
    datediff({{ to_day }}, {{ from_day }})
{%- endmacro %}

{# Month and day as one number, so that anniversaries compare. #}
{% macro month_day(day) -%}
    (extract(month from {{ day }}) * 100 + extract(day from {{ day }}))
{%- endmacro %}

{# Completed years from a birth date to a date. Someone born on 29 February completes a year on 1 March of a
   common year. dbt.datediff counts year boundaries and would be wrong. #}
{% macro age_in_years(birth_day, at_day) -%}
    cast(
        extract(year from {{ at_day }}) - extract(year from {{ birth_day }})
        - case when {{ month_day(at_day) }} < {{ month_day(birth_day) }} then 1 else 0 end
        as integer
    )
{%- endmacro %}

{# Calendar months from the month of one date to the month of another. #}
{% macro months_apart(from_day, to_day) -%}
    cast(
        (extract(year from {{ to_day }}) - extract(year from {{ from_day }})) * 12
        + extract(month from {{ to_day }}) - extract(month from {{ from_day }})
        as integer
    )
{%- endmacro %}

{# First day of the month of a date. #}
{% macro month_start(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{# Last day of the month of a date. #}
{% macro month_end(day) -%}
    {{ add_days(add_months(month_start(day), 1), -1) }}
{%- endmacro %}

{# First day of the financial year of a date: the 1 April on or before it. #}
{% macro financial_year_start(day) -%}
    make_date(
        cast(
            extract(year from {{ day }})
            - case when extract(month from {{ day }}) < {{ var('financial_year_first_month') }} then 1 else 0 end
            as integer
        ),
        {{ var('financial_year_first_month') }},
        1
    )
{%- endmacro %}

{# Month of the financial year that a date lies in: 1 for April to 12 for March. #}
{% macro financial_year_month(day) -%}
    {{ months_apart(financial_year_start(day), day) }} + 1
{%- endmacro %}

{# A date as a whole number, yyyymmdd: a key that sorts like the date. #}
{% macro day_number(day) -%}
    cast(
        extract(year from {{ day }}) * 10000 + extract(month from {{ day }}) * 100 + extract(day from {{ day }})
        as integer
    )
{%- endmacro %}

{# A month as charts label it: Mar 2026. #}
{% macro month_name(day) -%}
    substr('JanFebMarAprMayJunJulAugSepOctNovDec', cast(extract(month from {{ day }}) as integer) * 3 - 2, 3)
    || ' ' || cast(extract(year from {{ day }}) as {{ dbt.type_string() }})
{%- endmacro %}
