{{ config(alias='measure_comparison') }}

-- Whether groups of people are compared in measure_inequality is a matter of what the measure is; that two groups are
-- missing there though the measure is compared means that one of them has too few people.
with measure as (

    select * from {{ ref('stg_measure') }}

),

comparison as (

    select * from {{ ref('int_measure_comparison') }}

),

reason as (

    select * from {{ ref('stg_comparison_reason') }}

)

select
    measure.measure_id,
    comparison.measure_id is not null as is_compared,
    comparison.method,
    comparison.unit as compared_in,
    case when comparison.measure_id is null then reason.reason end as reason
from measure
left join comparison
    on measure.measure_id = comparison.measure_id
left join reason
    on
        measure.aggregation = reason.aggregation
        and measure.denominator_kind = reason.denominator_kind
        and measure.counts_events = reason.counts_events
