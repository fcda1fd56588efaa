{# What is said of a measure's figures, once the numerator and denominator to say it of are settled: value, interval (by
   the method that the catalogue names) and whether the target is met, which is not said of an incomplete figure.
   `figures` is a relation with the columns of int_measure_cell and a column
   `suppression`. The mart uses it on exact figures and the published layer on disclosed ones, so that nothing
   published is worked out from a figure that is hidden. #}
{% macro measure_figure(figures) %}
with poisson as (

    select * from {{ ref('stg_poisson_limit') }}

),

valued as (

    select
        cell.*,
        case
            when cell.aggregation = 'count' then cast(cell.numerator as double)
            when cell.aggregation in ('sum', 'mean', 'median') then cell.amount
            when cell.denominator > 0 then cell.multiplier * cell.numerator / cast(cell.denominator as double)
        end as value,
        poisson.lower_95 as exact_lower,
        poisson.upper_95 as exact_upper
    from {{ figures }} as cell
    left join poisson
        on
            cell.confidence_interval = 'byar'
            and cell.numerator = poisson.events

),

judged as (

    select
        valued.*,
        case when coalesce(valued.is_complete, true) then valued.value end as judged_value,
        -- The ends of an interval of values are single people's, or close to them: of few people none is given.
        case when valued.denominator >= valued.amount_interval_people then valued.amount_lower end as told_lower,
        case when valued.denominator >= valued.amount_interval_people then valued.amount_upper end as told_upper
    from valued

)

select
    measure_id,
    system_code,
    geography_type,
    geography_code,
    geography_name,
    breakdown_type,
    breakdown_value,
    period_end,
    period_start,
    is_latest_period,
    numerator,
    denominator,
    denominator_kind,
    confidence_interval,
    value,
    unit,
    better_is,
    {%- for end in ['lower', 'upper'] %}
    case
        when confidence_interval in ('student_t', 'order_statistics') then told_{{ end }}
        when numerator is null then null
        when confidence_interval = 'wilson'
            then {{ wilson_bound(end, 'numerator', 'denominator', 'multiplier') }}
        when confidence_interval = 'byar'
            then {{ poisson_bound(end, 'numerator', 'exact_' ~ end, 'denominator', 'multiplier') }}
    end as {{ end }}_95,
    {%- endfor %}
    cast(target as double) as target,
    {{ target_status('judged_value', 'target', 'target_is_due', 'better_is') }} as target_status,
    coverage,
    coalesce(is_complete, true) as is_complete,
    {{ told_suppression('value', 'suppression') }} as suppression,
    told_lower as amount_lower,
    told_upper as amount_upper
from judged
{% endmacro %}

{# What is said of a figure's being there: where nothing is hidden and there is no figure, as of a share of nobody, it is
   not applicable. #}
{% macro told_suppression(value, suppression) -%}
    case
        when {{ value }} is null and {{ suppression }} in ('none', 'rounded') then 'not_applicable'
        else {{ suppression }}
    end
{%- endmacro %}

{# Whether a figure meets its target, by the better direction; null where there is a target but no figure to judge.
   What is to be reached by the end of the year is neither met nor missed before (`is_due` false). #}
{% macro target_status(value, target, is_due, better_is) -%}
    case
        when {{ target }} is null or {{ better_is }} = 'neutral' then 'no_target'
        when {{ value }} is null then null
        when not {{ is_due }} then 'not_due'
        when {{ better_is }} = 'lower' and {{ value }} <= {{ target }} then 'met'
        when {{ better_is }} = 'higher' and {{ value }} >= {{ target }} then 'met'
        else 'not_met'
    end
{%- endmacro %}

{# The public interface: figures (as measure_figure makes them), those derived from them, and the control chart made of the
   same figures. #}
{% macro measure_value(figures, derived, points) %}
with figures as (

    select * from {{ figures }}
    union all
    select * from {{ derived }}

)

select
    figures.measure_id,
    figures.system_code,
    figures.geography_type,
    figures.geography_code,
    figures.geography_name,
    figures.breakdown_type,
    figures.breakdown_value,
    figures.period_end,
    figures.period_start,
    figures.is_latest_period,
    figures.numerator,
    figures.denominator,
    figures.value,
    figures.unit,
    figures.lower_95,
    figures.upper_95,
    figures.target,
    figures.target_status,
    point.mean as spc_mean,
    point.lower_limit as spc_lower_limit,
    point.upper_limit as spc_upper_limit,
    point.point_type as spc_point_type,
    point.variation,
    point.assurance,
    -- Nothing is said of a figure that is hidden or incomplete, not even its rank; published_national_benchmark has every rank.
    case when figures.value is not null and figures.is_complete then national.national_rank end as national_rank,
    figures.coverage,
    figures.suppression,
    run.publication_id
from figures
cross join {{ ref('stg_run') }} as run
left join {{ ref('int_national_standing') }} as national
    on
        figures.measure_id = national.measure_id
        and figures.system_code = national.system_code
        and figures.geography_type = national.geography_type
        and figures.geography_code = national.geography_code
        and figures.breakdown_type = 'all'
        and figures.period_end = national.period_end
left join {{ points }} as point
    on
        {%- for column in spc_series() %}
        figures.{{ column }} = point.{{ column }}
        and
        {%- endfor %}
        figures.period_end = point.period_end
{% endmacro %}
