-- Every sum, mean or median has its rounding, and a mean or median is rounded to no less than what everybody's own
-- value is a multiple of: else people times mean tells how many people there are.
select
    measure.measure_id,
    amount.round_to,
    amount.person_step
from {{ ref('stg_measure') }} as measure
left join {{ ref('stg_disclosure_amount') }} as amount
    on
        measure.disclosure_rule = amount.disclosure_rule
        and measure.aggregation = amount.aggregation
        and measure.unit = amount.unit
where
    measure.aggregation in ('sum', 'mean', 'median')
    and (amount.round_to is null or amount.round_to < amount.person_step)
