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

{# One end of the 95 % interval of a rate of events over exposure (bed days), times the multiplier; null without exposure.
   Events that happen by themselves follow a Poisson distribution. Under ten events the exact limits (`exact`, from seed
   poisson_limit), from ten on Byar's approximation. Source: Public Health Technical Guidance (Fingertips), Rates; APHO
   Technical Briefing 3 (2008); Breslow and Day (1987). `end` is 'lower' or 'upper'. #}
{% macro poisson_bound(end, events, exact, exposure, multiplier) -%}
    {%- set o = '(cast(' ~ events ~ ' as double)' ~ (' + 1)' if end == 'upper' else ')') -%}
    {%- set reach = var('wilson_z') ~ ' / (3 * sqrt(' ~ o ~ '))' -%}
    case
        when {{ exposure }} > 0 then
            {{ multiplier }} / cast({{ exposure }} as double)
            * coalesce({{ exact }}, {{ o }} * power(1 - 1 / (9 * {{ o }}) {{ '+' if end == 'upper' else '-' }} {{ reach }}, 3))
    end
{%- endmacro %}

{# A count (`side`: numerator or denominator) of a row of int_measure_cell under the disclosure rule of its measure: null
   where the rule hides it, else to the nearest multiple. What the row does not say is taken as a reason to hide. #}
{% macro disclosed_count(cell, side) -%}
    {%- set count = cell ~ '.' ~ side -%}
    case
        when
            {{ count }} >= {{ cell }}.smallest_count
            or not {{ in_list("'" ~ side ~ "'", cell ~ '.judged_sides') }}
            or ({{ cell }}.only_if_adjusted and {{ cell }}.adjustments = 0)
            then cast(round({{ count }} / cast({{ cell }}.round_to as double)) * {{ cell }}.round_to as bigint)
    end
{%- endmacro %}

{# A sum, mean or median as it is published: to the nearest multiple (`rounding` round), or for an end of a median's
   interval the one below or above (floor, ceil); null where nothing says of what. #}
{% macro disclosed_amount(amount, round_to, rounding) -%}
    case
        when {{ round_to }} > 0 then {{ rounding }}(cast({{ amount }} as double) / {{ round_to }}) * {{ round_to }}
    end
{%- endmacro %}

{# How far the interval of a sum or mean reaches as it is published: rounded up, and a step at least. Laid round the
   rounded sum or mean it says nothing more of that; ends rounded one by one would, as the exact sum lies halfway between
   the exact ends. #}
{% macro disclosed_reach(reach, round_to) -%}
    case
        when {{ round_to }} > 0 and {{ reach }} is not null
            then greatest({{ disclosed_amount(reach, round_to, 'ceil') }}, {{ round_to }})
    end
{%- endmacro %}

{# The deviate of a two-sided 95 % interval of the mean of so many people's values: Student's t with one degree of freedom
   fewer, by Fisher and Cornish's expansion about the normal deviate (1960): right to 0.001 from twenty people on. #}
{% macro student_t(people) -%}
    {%- set z = var('wilson_z') -%}
    {%- set freedom = '(nullif(' ~ people ~ ' - 1, 0))' -%}
    (
        {{ z }}
        + (power({{ z }}, 3) + {{ z }}) / (4.0 * {{ freedom }})
        + (5 * power({{ z }}, 5) + 16 * power({{ z }}, 3) + 3 * {{ z }}) / (96.0 * {{ freedom }} * {{ freedom }})
    )
{%- endmacro %}

{# Rank, from the smallest, of the value that ends the 95 % interval of the median of so many people's values. Source:
   Campbell and Gardner, Calculating confidence intervals for some non-parametric analyses, BMJ 296 (1988). #}
{% macro median_rank(end, people) -%}
    {%- if end == 'lower' -%}
    greatest(round({{ people }} / 2.0 - {{ var('wilson_z') }} * sqrt({{ people }}) / 2.0), 1)
    {%- else -%}
    least(round(1 + {{ people }} / 2.0 + {{ var('wilson_z') }} * sqrt({{ people }}) / 2.0), {{ people }})
    {%- endif -%}
{%- endmacro %}

{# The value at a rank, from the smallest, among those of a group. #}
{% macro value_at_rank(value, rank) -%}
    {{ return(adapter.dispatch('value_at_rank', 'lda_warehouse')(value, rank)) }}
{%- endmacro %}

{% macro default__value_at_rank(value, rank) -%}
    list_extract(list({{ value }} order by {{ value }} nulls last), cast({{ rank }} as bigint))
{%- endmacro %}

{% macro spark__value_at_rank(value, rank) -%}
    element_at(array_sort(collect_list({{ value }})), cast({{ rank }} as int))
{%- endmacro %}
