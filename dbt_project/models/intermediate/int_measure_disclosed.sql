-- The LDA disclosure rule: counts of people under the smallest count, zero included, are hidden and others rounded.
-- A population is not people on anyone's list and stands as it is.
with cell as (

    select * from {{ ref('int_measure_cell') }}

),

disclosed as (

    select
        cell.*,
        {{ disclosed_count('cell.numerator', 'cell.smallest_count', 'cell.round_to') }} as disclosed_numerator,
        case
            when cell.denominator_kind = 'population' then cell.denominator
            else {{ disclosed_count('cell.denominator', 'cell.smallest_count', 'cell.round_to') }}
        end as disclosed_denominator
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
    better_is,
    denominator_kind,
    spc,
    disclosed_numerator as numerator,
    disclosed_denominator as denominator,
    case
        when disclosed_numerator is null or (unit <> 'count' and disclosed_denominator is null) then 'suppressed'
        else 'rounded'
    end as suppression,
    target,
    coverage
from disclosed
