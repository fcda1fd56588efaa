{{ config(alias='measure_comparison') }}

-- Whether groups of people are compared in measure_inequality is a matter of what the measure is; that two groups are
-- missing there though the measure is compared means that one of them has too few people.
with measure as (

    select * from {{ ref('stg_measure') }}

),

comparison as (

    select distinct breakdown_type from {{ ref('stg_inequality_comparison') }}

),

reason as (

    select * from {{ ref('stg_comparison_reason') }}

),

judged as (

    select
        measure.measure_id,
        measure.aggregation,
        measure.denominator_kind,
        measure.confidence_interval,
        measure.confidence_interval in ('wilson', 'byar') as has_interval,
        count(comparison.breakdown_type) > 0 as has_groups
    from measure
    left join comparison
        on {{ in_list('comparison.breakdown_type', 'measure.breakdowns') }}
    group by
        measure.measure_id, measure.aggregation, measure.denominator_kind, measure.confidence_interval

)

select
    judged.measure_id,
    judged.has_interval and judged.has_groups as is_compared,
    case when judged.has_interval and judged.has_groups then judged.confidence_interval end as method,
    case when not (judged.has_interval and judged.has_groups) then reason.reason end as reason
from judged
left join reason
    on
        judged.aggregation = reason.aggregation
        and judged.denominator_kind = reason.denominator_kind
