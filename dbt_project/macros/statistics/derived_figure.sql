{# Measures made of the figures of other measures (seed measure_derivation), for everyone together. `figures` has the
   columns of measure_figure. Nothing else is read, so a published figure follows from published figures alone: where one
   it is made of is hidden, so is it.

   pace: what is still missing to the target of the other measure, over the months left of the financial year (at least 1).
   difference: one measure less another, times the multiplier.
   national_rank: the area's place in the national publication of the other measure, among organisations of the kind that
   it is (int_national_standing); its target is the top third.
   forecast: today's count, and of the people it does not hold yet the share whom it came to hold by the year end in
   earlier years (sum over sum of the networks of those years). The interval comes from how much that share differed
   between networks: a ratio estimate whose variance grows with the people it is of, as in Mack's chain ladder (1993). A
   count does not fall, so the interval ends at today's and at everyone. #}
{% macro derived_figure(figures) %}
{%- set area = ['system_code', 'geography_type', 'geography_code', 'breakdown_type', 'breakdown_value'] -%}
with derivation as (

    select
        seed.measure_id,
        seed.derivation,
        seed.of_measure_id,
        seed.and_measure_id,
        seed.valid_from,
        seed.valid_to,
        measure.unit,
        measure.multiplier,
        measure.better_is,
        measure.denominator_kind,
        measure.confidence_interval,
        measure.geography_types
    from {{ ref('stg_measure_derivation') }} as seed
    inner join {{ ref('stg_measure') }} as measure
        on seed.measure_id = measure.measure_id

),

figure as (

    select
        figures.*,
        {{ financial_year_start('figures.period_end') }} as financial_year_start,
        {{ financial_year_month('figures.period_end') }} as year_month
    from {{ figures }} as figures
    where figures.breakdown_type = 'all'

),

target as (

    select * from {{ ref('int_measure_target') }}

),

rule as (

    select * from {{ ref('stg_forecast_rule') }}

),

made_of as (

    select
        derivation.measure_id,
        derivation.derivation,
        derivation.of_measure_id,
        derivation.unit,
        derivation.multiplier,
        derivation.better_is,
        derivation.denominator_kind,
        derivation.confidence_interval,
        {%- for column in area %}
        figure.{{ column }},
        {%- endfor %}
        figure.geography_name,
        figure.period_end,
        figure.period_start,
        figure.is_latest_period,
        figure.financial_year_start,
        figure.year_month,
        figure.numerator,
        figure.denominator,
        figure.value as of_value,
        figure.target as of_target,
        other.value as and_value,
        least(figure.coverage, other.coverage) as coverage,
        coalesce(figure.is_complete, true) and coalesce(other.is_complete, true) as is_complete,
        case
            when figure.suppression in ('suppressed', 'secondary') then figure.suppression
            when other.suppression is not null then other.suppression
            else figure.suppression
        end as suppression
    from figure
    inner join derivation
        on
            figure.measure_id = derivation.of_measure_id
            and {{ in_list('figure.geography_type', 'derivation.geography_types') }}
            and {{ valid_on('derivation', 'figure.period_end') }}
    left join figure as other
        on
            {%- for column in area %}
            figure.{{ column }} = other.{{ column }}
            and
            {%- endfor %}
            figure.period_end = other.period_end
            and derivation.and_measure_id = other.measure_id

),

-- Of the people each network had not counted by a month of an earlier year, those whom it had by the end of that year;
-- of networks that lack no practice in either month.
run_off as (

    select
        early.measure_id,
        early.system_code,
        early.financial_year_start,
        early.year_month,
        cast(early.denominator - early.numerator as double) as waiting,
        cast(final.numerator - early.numerator as double) as reached
    from figure as early
    inner join figure as final
        on
            early.measure_id = final.measure_id
            and early.system_code = final.system_code
            and early.geography_type = final.geography_type
            and early.geography_code = final.geography_code
            and early.financial_year_start = final.financial_year_start
            and final.year_month = 12
    where
        early.geography_type = '{{ var("forecast_geography") }}'
        and early.denominator > early.numerator
        and final.numerator is not null
        -- A practice that is absent from one of the two months would be people lost, or checks gained.
        and coalesce(early.is_complete, true)
        and coalesce(final.is_complete, true)

),

share as (

    select
        this_year.of_measure_id,
        this_year.system_code,
        this_year.period_end,
        count(*) as units,
        sum(run_off.waiting) as waiting,
        sum(run_off.reached) / sum(run_off.waiting) as share,
        sum(run_off.reached * run_off.reached / run_off.waiting) as squares
    from (
        select distinct
            of_measure_id,
            system_code,
            period_end,
            financial_year_start,
            year_month
        from made_of
        where derivation = 'forecast'
    ) as this_year
    inner join run_off
        on
            this_year.of_measure_id = run_off.measure_id
            and this_year.system_code = run_off.system_code
            and this_year.year_month = run_off.year_month
            and this_year.financial_year_start > run_off.financial_year_start
    group by this_year.of_measure_id, this_year.system_code, this_year.period_end

),

known_share as (

    select
        share.of_measure_id,
        share.system_code,
        share.period_end,
        share.share,
        share.waiting,
        -- The sum of waiting x (own share - share) squared, multiplied out; below zero only by rounding.
        greatest(share.squares - share.share * share.share * share.waiting, 0) / (share.units - 1) as spread
    from share
    cross join rule
    where share.units >= rule.minimum_units

),

valued as (

    select
        made_of.*,
        (made_of.numerator + known_share.share * (made_of.denominator - made_of.numerator)) / made_of.denominator
            as expected,
        sqrt(
            known_share.spread
            * (made_of.denominator - made_of.numerator)
            * (1 + (made_of.denominator - made_of.numerator) / known_share.waiting)
        ) / made_of.denominator as standard_error
    from made_of
    left join known_share
        on
            made_of.derivation = 'forecast'
            and made_of.of_measure_id = known_share.of_measure_id
            and made_of.system_code = known_share.system_code
            and made_of.period_end = known_share.period_end
            and made_of.denominator > 0

),

national as (

    select * from {{ ref('int_national_standing') }}

),

made as (

    select
        valued.*,
        case
            when valued.derivation = 'national_rank' then floor(national.organisations_ranked / cast(3 as double))
            else target.target
        end as target,
        valued.derivation = 'national_rank' or target.target_is_due as target_is_due,
        case
            when valued.derivation = 'pace' and valued.of_target is not null and valued.of_value is not null
                then
                    greatest(valued.of_target * valued.denominator - valued.numerator, 0)
                    / cast(greatest(12 - valued.year_month, 1) as double)
            when valued.derivation = 'difference' then valued.multiplier * (valued.of_value - valued.and_value)
            when valued.derivation = 'national_rank' and valued.of_value is not null
                then cast(national.national_rank as double)
            when valued.expected is not null then least(greatest(valued.expected, valued.of_value), 1)
        end as value
    from valued
    left join national
        on
            valued.of_measure_id = national.measure_id
            and valued.system_code = national.system_code
            and valued.geography_type = national.geography_type
            and valued.geography_code = national.geography_code
            and valued.period_end = national.period_end
    left join target
        on
            valued.measure_id = target.measure_id
            and valued.system_code = target.system_code
            and valued.geography_type = target.geography_type
            and valued.geography_code = target.geography_code
            and valued.period_end = target.period_end

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
    cast(null as bigint) as numerator,
    cast(null as bigint) as denominator,
    denominator_kind,
    confidence_interval,
    value,
    unit,
    better_is,
    case
        when value is not null and derivation = 'forecast'
            then least(greatest(expected - {{ var('wilson_z') }} * standard_error, of_value), 1)
    end as lower_95,
    case
        when value is not null and derivation = 'forecast'
            then least(greatest(expected + {{ var('wilson_z') }} * standard_error, of_value), 1)
    end as upper_95,
    cast(target as double) as target,
    {{ target_status('case when is_complete then value end', 'target', 'target_is_due', 'better_is') }} as target_status,
    coverage,
    is_complete,
    {{ told_suppression('value', 'suppression') }} as suppression,
    cast(null as double) as amount_lower,
    cast(null as double) as amount_upper
from made
{% endmacro %}
