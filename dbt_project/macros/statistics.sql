{# One end of the Wilson 95 % interval of numerator / denominator, times the multiplier; null without a denominator.
   Source: Wilson (1927), as used by the Office for Health Improvement and Disparities. `end` is 'lower' or 'upper'. #}
{% macro wilson_bound(end, numerator, denominator, multiplier) -%}
    {%- set z = var('wilson_z') -%}
    {%- set n = 'cast(' ~ denominator ~ ' as double)' -%}
    {%- set p = '(' ~ numerator ~ ' / ' ~ n ~ ')' -%}
    {%- set centre = p ~ ' + ' ~ z ~ ' * ' ~ z ~ ' / (2 * ' ~ n ~ ')' -%}
    {#- A rounded numerator can pass its denominator only through rounding: greatest() keeps the root real. -#}
    {%- set spread = z ~ ' * sqrt(greatest(' ~ p ~ ' * (1 - ' ~ p ~ '), 0) / ' ~ n
        ~ ' + ' ~ z ~ ' * ' ~ z ~ ' / (4 * ' ~ n ~ ' * ' ~ n ~ '))' -%}
    {%- set scale = '(1 + ' ~ z ~ ' * ' ~ z ~ ' / ' ~ n ~ ')' -%}
    case
        when {{ denominator }} > 0 then
            {{ multiplier }} *
            {% if end == 'lower' -%}
            case when {{ numerator }} = 0 then 0 else ({{ centre }} - {{ spread }}) / {{ scale }} end
            {%- else -%}
            case when {{ numerator }} = {{ denominator }} then 1 else ({{ centre }} + {{ spread }}) / {{ scale }} end
            {%- endif %}
    end
{%- endmacro %}

{# A count under the LDA disclosure rule: null below the smallest count, zero included; else to the nearest multiple. #}
{% macro disclosed_count(count, smallest_count, round_to) -%}
    case
        when {{ count }} >= {{ smallest_count }}
            then cast(round({{ count }} / cast({{ round_to }} as double)) * {{ round_to }} as bigint)
    end
{%- endmacro %}
