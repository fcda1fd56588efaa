{%- set valued = "('sum', 'mean', 'median')" -%}
-- Sum, mean or median of the contributions' values, cell by cell (a median cannot be made of other medians), with its
-- 95 % interval. A sum of fractions differs in its last digits with the order of its rows, so it is rounded, and
-- squares are added up as decimals: the same inputs give the same figure.
with measure as (

    select * from {{ ref('stg_measure') }}
    where aggregation in {{ valued }}

),

contribution as (

    {{ contribution_areas(
        "measure_contribution.measure_id in (select measure_id from " ~ ref('stg_measure')
        ~ " where aggregation in " ~ valued ~ ")"
    ) }}

),

rolled_up as (

    {{ roll_up('contribution', {
        'people': 'count(value)',
        'total': 'round(sum(value), 6)',
        'squares': 'cast(sum(cast(value as decimal(18, 2)) * cast(value as decimal(18, 2))) as double)',
        'median': 'percentile_cont(0.5) within group (order by value)',
        'lower_value': value_at_rank('value', median_rank('lower', 'count(value)')),
        'upper_value': value_at_rank('value', median_rank('upper', 'count(value)')),
    }) }}

),

spread as (

    select
        rolled_up.*,
        measure.aggregation,
        {{ student_t('rolled_up.people') }} * sqrt(
            greatest(rolled_up.squares - rolled_up.total * rolled_up.total / rolled_up.people, 0)
            / nullif(rolled_up.people - 1, 0)
            / rolled_up.people
        ) as reach
    from rolled_up
    inner join measure
        on rolled_up.measure_id = measure.measure_id

)

select
    measure_id,
    system_code,
    period_end,
    geography_type,
    geography_code,
    breakdown_type,
    breakdown_value,
    case aggregation
        when 'sum' then total
        when 'mean' then total / people
        when 'median' then median
    end as amount,
    case aggregation
        when 'sum' then total - people * reach
        when 'mean' then total / people - reach
        when 'median' then lower_value
    end as amount_lower,
    case aggregation
        when 'sum' then total + people * reach
        when 'mean' then total / people + reach
        when 'median' then upper_value
    end as amount_upper
from spread
