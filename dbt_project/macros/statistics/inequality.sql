{# Gaps and ratios between groups, with 95 % intervals. `figures` has one row per cell and the columns of
   measure_figure. What is compared of each, and its own interval, macro compared_figure says.

   Gap: group minus reference; its interval is made of those of the two: of Wilson intervals it is Newcombe's hybrid score
   interval (1998, method 10), of others the same recovery of variances (Zou and Donner 2008).
   Ratio: group over reference; its interval is made on the log scale in the same way, and needs someone or something
   counted in both. #}
{% macro measure_inequality(figures) %}
{%- set cell = [
    'measure_id', 'system_code', 'geography_type', 'geography_code', 'breakdown_type', 'period_end'
] -%}
with comparison as (

    select * from {{ ref('stg_inequality_comparison') }}

),

run as (

    select * from {{ ref('stg_run') }}

),

figure as (

    {{ compared_figure(figures) }}

),

-- People whose group is not known are no group to compare.
ranked as (

    select
        figure.*,
        row_number() over (
            partition by {{ cell | join(', ') }} order by rate desc, breakdown_value asc
        ) as from_highest,
        row_number() over (
            partition by {{ cell | join(', ') }} order by rate asc, breakdown_value desc
        ) as from_lowest
    from figure
    where breakdown_value not in ('{{ var("unknown") }}', '{{ var("ethnicity_unknown") }}')

),

pair as (

    select
        comparison.comparison,
        {%- for column in cell %}
        compared.{{ column }},
        {%- endfor %}
        compared.geography_name,
        compared.period_start,
        compared.is_latest_period,
        compared.unit,
        compared.breakdown_value as group_value,
        reference.breakdown_value as reference_value,
        compared.rate as group_rate,
        reference.rate as reference_rate,
        compared.rate - reference.rate as gap,
        sqrt(power(compared.rate - compared.rate_lower, 2) + power(reference.rate_upper - reference.rate, 2)) as below,
        sqrt(power(compared.rate_upper - compared.rate, 2) + power(reference.rate - reference.rate_lower, 2)) as above,
        case when reference.rate > 0 then compared.rate / reference.rate end as ratio,
        sqrt(power(compared.log_below, 2) + power(reference.log_above, 2)) as log_below,
        sqrt(power(compared.log_above, 2) + power(reference.log_below, 2)) as log_above
    from comparison
    inner join ranked as compared
        on
            comparison.breakdown_type = compared.breakdown_type
            and {{ valid_on('comparison', 'compared.period_end') }}
            and (
                (comparison.comparison_kind = 'named' and comparison.group_value = compared.breakdown_value)
                or (comparison.comparison_kind = 'extremes' and compared.from_highest = 1)
            )
    inner join ranked as reference
        on
            {%- for column in cell %}
            compared.{{ column }} = reference.{{ column }}
            and
            {%- endfor %}
            compared.breakdown_value <> reference.breakdown_value
            and (
                (comparison.comparison_kind = 'named' and comparison.reference_value = reference.breakdown_value)
                or (comparison.comparison_kind = 'extremes' and reference.from_lowest = 1)
            )

)

select
    pair.measure_id,
    pair.system_code,
    pair.geography_type,
    pair.geography_code,
    pair.geography_name,
    pair.breakdown_type,
    pair.comparison,
    pair.group_value,
    pair.reference_value,
    pair.period_end,
    pair.period_start,
    pair.is_latest_period,
    pair.unit,
    pair.group_rate,
    pair.reference_rate,
    pair.gap,
    pair.gap - pair.below as gap_lower_95,
    pair.gap + pair.above as gap_upper_95,
    pair.ratio,
    pair.ratio * exp(-pair.log_below) as ratio_lower_95,
    pair.ratio * exp(pair.log_above) as ratio_upper_95,
    run.publication_id
from pair
cross join run
{% endmacro %}
