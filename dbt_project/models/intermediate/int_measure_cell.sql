{%- set breakdown_geographies = "'" ~ var('breakdown_geographies') | join(';') ~ "'" -%}
-- Every cell a measure publishes, with what stands beside its figures. A cell exists when its area has data for the
-- month (int_measure_coverage.has_figure), even if it counts nobody: a missing row would tell a zero that the
-- disclosure rule hides.
with measure as (

    -- A derived measure has no counts of its own: it is made of the figures of others.
    select * from {{ ref('stg_measure') }} where aggregation <> 'derived'

),

measure_period as (

    select * from {{ ref('int_measure_period') }}

),

geography_month as (

    select * from {{ ref('int_geography_month') }}

),

breakdown_level as (

    select * from {{ ref('int_breakdown_level') }}

),

coverage as (

    select * from {{ ref('int_measure_coverage') }}

),

rollup_row as (

    select * from {{ ref('int_measure_rollup') }}

),

amount_row as (

    select * from {{ ref('int_measure_amount') }}

),

target as (

    select * from {{ ref('int_measure_target') }}

),

disclosure_rule as (

    select * from {{ ref('stg_disclosure_rule') }}

),

disclosure_amount as (

    select * from {{ ref('stg_disclosure_amount') }}

),

system_period as (

    select * from {{ ref('int_measure_system_period') }}

),

with_data as (

    select
        coverage.measure_id,
        coverage.system_code,
        coverage.geography_type,
        coverage.geography_code,
        coverage.period_end
    from coverage
    where coverage.has_figure
    union
    -- Of an area that nobody owes anything about, what is told is all there is. Where the partner that speaks for an
    -- area is absent, what others tell of its people is no figure of it.
    select
        rollup_row.measure_id,
        rollup_row.system_code,
        rollup_row.geography_type,
        rollup_row.geography_code,
        rollup_row.period_end
    from rollup_row
    left join coverage
        on
            rollup_row.measure_id = coverage.measure_id
            and rollup_row.system_code = coverage.system_code
            and rollup_row.geography_type = coverage.geography_type
            and rollup_row.geography_code = coverage.geography_code
            and rollup_row.period_end = coverage.period_end
    where
        rollup_row.breakdown_type = 'all'
        and coverage.measure_id is null

),

cell as (

    select
        measure_period.measure_id,
        with_data.system_code,
        with_data.geography_type,
        with_data.geography_code,
        geography_month.geography_name,
        breakdown_level.breakdown_type,
        breakdown_level.breakdown_value,
        measure_period.period_end,
        measure_period.period_start,
        system_period.is_latest_period,
        measure.unit,
        measure.multiplier,
        measure.aggregation,
        measure.better_is,
        measure.denominator_kind,
        measure.counts_events,
        measure.spc,
        measure.confidence_interval,
        disclosure_rule.smallest_count,
        disclosure_rule.round_to,
        disclosure_rule.judged_sides,
        disclosure_rule.only_if_adjusted,
        disclosure_amount.round_to as amount_round_to,
        disclosure_amount.interval_people as amount_interval_people
    from measure_period
    inner join measure
        on measure_period.measure_id = measure.measure_id
    inner join disclosure_rule
        on measure.disclosure_rule = disclosure_rule.disclosure_rule
    left join disclosure_amount
        on
            measure.disclosure_rule = disclosure_amount.disclosure_rule
            and measure.aggregation = disclosure_amount.aggregation
            and measure.unit = disclosure_amount.unit
    inner join with_data
        on
            measure_period.measure_id = with_data.measure_id
            and measure_period.period_end = with_data.period_end
            and {{ in_list('with_data.geography_type', 'measure.geography_types') }}
    inner join system_period
        on
            with_data.measure_id = system_period.measure_id
            and with_data.system_code = system_period.system_code
            and with_data.period_end = system_period.period_end
    inner join geography_month
        on
            with_data.geography_type = geography_month.geography_type
            and with_data.geography_code = geography_month.geography_code
            and with_data.period_end = geography_month.period_end
            and with_data.system_code = geography_month.system_code
    inner join breakdown_level
        on
            breakdown_level.breakdown_type = 'all'
            or (
                {{ in_list('breakdown_level.breakdown_type', 'measure.breakdowns') }}
                and {{ in_list('with_data.geography_type', breakdown_geographies) }}
                -- A remainder has few people or none: it makes places add up and is not broken down.
                and with_data.geography_code <> '{{ var("unallocated") }}'
                and (
                    breakdown_level.breakdown_type <> 'age_band'
                    or not measure.is_age_limited
                    or (
                        measure.age_from <= breakdown_level.age_to
                        and measure.age_to >= breakdown_level.age_from
                    )
                )
            )

)

select
    cell.*,
    case when cell.aggregation in ('ratio', 'count') then coalesce(rollup_row.numerator, 0) end as numerator,
    case when cell.aggregation <> 'count' then coalesce(rollup_row.denominator, 0) end as denominator,
    case when cell.aggregation = 'sum' then coalesce(amount_row.amount, 0) else amount_row.amount end as amount,
    amount_row.amount_lower,
    amount_row.amount_upper,
    coalesce(rollup_row.people, 0) as people,
    case when cell.counts_events then coalesce(rollup_row.people_counted, 0) end as people_counted,
    case when rollup_row.measure_id is null then 0 else rollup_row.adjustments end as adjustments,
    target.target,
    target.target_is_due,
    coverage.coverage,
    coalesce(coverage.is_complete, true) as is_complete
from cell
left join rollup_row
    on
        cell.measure_id = rollup_row.measure_id
        and cell.system_code = rollup_row.system_code
        and cell.geography_type = rollup_row.geography_type
        and cell.geography_code = rollup_row.geography_code
        and cell.breakdown_type = rollup_row.breakdown_type
        and cell.breakdown_value = rollup_row.breakdown_value
        and cell.period_end = rollup_row.period_end
left join amount_row
    on
        cell.measure_id = amount_row.measure_id
        and cell.system_code = amount_row.system_code
        and cell.geography_type = amount_row.geography_type
        and cell.geography_code = amount_row.geography_code
        and cell.breakdown_type = amount_row.breakdown_type
        and cell.breakdown_value = amount_row.breakdown_value
        and cell.period_end = amount_row.period_end
left join target
    on
        cell.measure_id = target.measure_id
        and cell.system_code = target.system_code
        and cell.geography_type = target.geography_type
        and cell.geography_code = target.geography_code
        and cell.period_end = target.period_end
left join coverage
    on
        cell.measure_id = coverage.measure_id
        and cell.system_code = coverage.system_code
        and cell.geography_type = coverage.geography_type
        and cell.geography_code = coverage.geography_code
        and cell.period_end = coverage.period_end
