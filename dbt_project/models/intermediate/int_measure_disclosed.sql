-- The figures as they are published: under the disclosure rule of their measure, and without those that would tell a
-- hidden one (mask).
with ruled as (

    select * from {{ ref('int_measure_ruled') }}

),

mask as (

    select * from {{ ref('stg_disclosure_mask') }}

),

disclosed as (

    select
        ruled.*,
        case when mask.hides_numerator then null else ruled.ruled_numerator end as disclosed_numerator,
        case when mask.hides_denominator then null else ruled.ruled_denominator end as disclosed_denominator,
        {%- for amount in ['amount', 'amount_lower', 'amount_upper'] %}
        case
            when mask.hides_amount or mask.hides_denominator then null else ruled.ruled_{{ amount }}
        end as disclosed_{{ amount }},
        {%- endfor %}
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
    confidence_interval,
    disclosed_numerator as numerator,
    disclosed_denominator as denominator,
    disclosed_amount as amount,
    disclosed_amount_lower as amount_lower,
    disclosed_amount_upper as amount_upper,
    amount_interval_people,
    case
        when aggregation in ('ratio', 'count') and ruled_numerator is null then 'suppressed'
        when aggregation <> 'count' and ruled_denominator is null then 'suppressed'
        when is_masked then 'secondary'
        when round_to = 1 then 'none'
        else 'rounded'
    end as suppression,
    target,
    target_is_due,
    coverage,
    is_complete
from disclosed
