-- The LDA disclosure rule: counts of people under the smallest count, zero included, are hidden and others rounded.
-- A population is not people on anyone's list and stands as it is; so does the figure of a baseline year. Bed days tell
-- how many people there are, so they are hidden with them. A sum, mean or median needs that many people behind it.
-- A count of things is of nobody: its rule hides and rounds nothing.
-- What would tell a hidden figure is hidden too (mask).
with cell as (

    select * from {{ ref('int_measure_cell') }}

),

mask as (

    select * from {{ ref('stg_disclosure_mask') }}

),

ruled as (

    select
        cell.*,
        case
            when cell.denominator_kind = 'bed_days' and cell.people < cell.smallest_count then null
            else {{ disclosed_count('cell.numerator', 'cell.smallest_count', 'cell.round_to') }}
        end as ruled_numerator,
        case
            when cell.denominator_kind in ('population', 'baseline') then cell.denominator
            when cell.denominator_kind = 'bed_days' and cell.people < cell.smallest_count then null
            else {{ disclosed_count('cell.denominator', 'cell.smallest_count', 'cell.round_to') }}
        end as ruled_denominator,
        case when cell.denominator >= cell.smallest_count then cell.amount end as ruled_amount
    from cell

),

disclosed as (

    select
        ruled.*,
        case when mask.hides_numerator then null else ruled.ruled_numerator end as disclosed_numerator,
        case when mask.hides_denominator then null else ruled.ruled_denominator end as disclosed_denominator,
        case when mask.hides_amount or mask.hides_denominator then null else ruled.ruled_amount end as disclosed_amount,
        mask.measure_id is not null as is_masked
    from ruled
    left join mask
        on
            ruled.measure_id = mask.measure_id
            and ruled.system_code = mask.system_code
            and ruled.geography_type = mask.geography_type
            and ruled.geography_code = mask.geography_code
            and ruled.breakdown_type = mask.breakdown_type
            and ruled.breakdown_value = mask.breakdown_value
            and ruled.period_end = mask.period_end

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
        when aggregation in ('ratio', 'count') and ruled_numerator is null then 'suppressed'
        when aggregation <> 'count' and ruled_denominator is null then 'suppressed'
        when is_masked then 'secondary'
        when denominator_kind = 'things' then 'none'
        else 'rounded'
    end as suppression,
    target,
    coverage
from disclosed
