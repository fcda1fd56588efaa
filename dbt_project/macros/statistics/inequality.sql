{# Gaps and ratios between groups, with 95 % intervals. `figures` has one row per cell and the columns of
   measure_figure. Nothing else is read, so what is said of disclosed figures follows from them alone.

   Gap: group minus reference; its interval is made of those of the two figures: of Wilson intervals it is Newcombe's
   hybrid score interval (1998, method 10), of Byar's the same recovery of variances for rates (Zou and Donner 2008).
   Ratio: group over reference; interval on the log scale, which needs someone or something counted in both: of people out
   of people by Katz (1978), of events over exposure with the variance 1 / events of each (Rothman).
   A comparison is made only where both groups have the people that the seed inequality_rule asks for: in the
   denominator, or, for a rate per population or bed day, events in the numerator. #}
{% macro measure_inequality(figures) %}
{%- set cell = [
    'measure_id', 'system_code', 'geography_type', 'geography_code', 'breakdown_type', 'period_end'
] -%}
with comparison as (

    select * from {{ ref('stg_inequality_comparison') }}

),

rule as (

    select * from {{ ref('stg_inequality_rule') }}

),

run as (

    select * from {{ ref('stg_run') }}

),

figure as (

    select figures.*
    from {{ figures }} as figures
    cross join rule
    where
        -- The interval of a gap is made of those of its figures.
        figures.lower_95 is not null
        and (
            (figures.denominator_kind = 'people' and figures.denominator >= rule.minimum_people)
            or (figures.denominator_kind in ('population', 'bed_days') and figures.numerator >= rule.minimum_events)
        )

),

-- People whose group is not known are no group to compare.
ranked as (

    select
        figure.*,
        row_number() over (
            partition by {{ cell | join(', ') }} order by value desc, breakdown_value asc
        ) as from_highest,
        row_number() over (
            partition by {{ cell | join(', ') }} order by value asc, breakdown_value desc
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
        compared.value as group_rate,
        compared.lower_95 as group_lower,
        compared.upper_95 as group_upper,
        reference.value as reference_rate,
        reference.lower_95 as reference_lower,
        reference.upper_95 as reference_upper,
        case when reference.value > 0 then compared.value / reference.value end as ratio,
        case
            when compared.numerator > 0 and reference.numerator > 0
                -- Below zero only by rounding: a numerator is no more than its denominator.
                then sqrt(greatest(
                    1 / cast(compared.numerator as double) + 1 / cast(reference.numerator as double)
                    - case
                        when compared.confidence_interval = 'wilson'
                            then 1 / cast(compared.denominator as double) + 1 / cast(reference.denominator as double)
                        else 0
                    end,
                    0
                ))
        end as log_ratio_error
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
    pair.group_rate - pair.reference_rate as gap,
    pair.group_rate - pair.reference_rate
    - sqrt(power(pair.group_rate - pair.group_lower, 2) + power(pair.reference_upper - pair.reference_rate, 2))
        as gap_lower_95,
    pair.group_rate - pair.reference_rate
    + sqrt(power(pair.group_upper - pair.group_rate, 2) + power(pair.reference_rate - pair.reference_lower, 2))
        as gap_upper_95,
    pair.ratio,
    pair.ratio * exp(-{{ var('wilson_z') }} * pair.log_ratio_error) as ratio_lower_95,
    pair.ratio * exp({{ var('wilson_z') }} * pair.log_ratio_error) as ratio_upper_95,
    run.publication_id
from pair
cross join run
{% endmacro %}
