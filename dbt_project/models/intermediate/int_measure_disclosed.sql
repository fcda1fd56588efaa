-- The LDA disclosure rule: counts of people under the smallest count, zero included, are hidden and others rounded.
-- A population is not people on anyone's list and stands as it is; so does the figure of a baseline year. Bed days tell
-- how many people there are, so they are hidden with them. A sum, mean or median needs that many people behind it.
with cell as (

    select * from {{ ref('int_measure_cell') }}

),

disclosed as (

    select
        cell.*,
        case
            when cell.denominator_kind = 'bed_days' and cell.people < cell.smallest_count then null
            else {{ disclosed_count('cell.numerator', 'cell.smallest_count', 'cell.round_to') }}
        end as disclosed_numerator,
        case
            when cell.denominator_kind in ('population', 'baseline') then cell.denominator
            when cell.denominator_kind = 'bed_days' and cell.people < cell.smallest_count then null
            else {{ disclosed_count('cell.denominator', 'cell.smallest_count', 'cell.round_to') }}
        end as disclosed_denominator,
        case when cell.denominator >= cell.smallest_count then cell.amount end as disclosed_amount
    from cell

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
    unit,
    multiplier,
    aggregation,
    better_is,
    denominator_kind,
    spc,
    disclosed_numerator as numerator,
    disclosed_denominator as denominator,
    disclosed_amount as amount,
    case
        when aggregation in ('ratio', 'count') and disclosed_numerator is null then 'suppressed'
        when aggregation <> 'count' and disclosed_denominator is null then 'suppressed'
        else 'rounded'
    end as suppression,
    target,
    coverage
from disclosed
