-- A median cannot be made of other medians, so it is taken of the contributions themselves, cell by cell.
with contribution as (

    select
        measure_contribution.*,
        system.system_geography_code
    from {{ ref('measure_contribution') }} as measure_contribution
    inner join {{ ref('stg_measure') }} as measure
        on
            measure_contribution.measure_id = measure.measure_id
            and measure.aggregation = 'median'
    inner join {{ ref('stg_system') }} as system
        on measure_contribution.system_code = system.system_code

)

{{ roll_up('contribution', {'median': 'percentile_cont(0.5) within group (order by value)'}) }}
