-- Each breakdown of a measure counts everyone once: its values add up to the figure for all.
with cell as (

    select * from {{ ref('int_measure_cell') }}

),

everyone as (

    select * from cell where breakdown_type = 'all'

),

broken_down as (

    select
        measure_id,
        system_code,
        geography_type,
        geography_code,
        period_end,
        breakdown_type,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from cell
    where breakdown_type <> 'all'
    group by measure_id, system_code, geography_type, geography_code, period_end, breakdown_type

)

select
    broken_down.measure_id,
    broken_down.geography_type,
    broken_down.geography_code,
    broken_down.period_end,
    broken_down.breakdown_type
from broken_down
inner join everyone
    on
        broken_down.measure_id = everyone.measure_id
        and broken_down.system_code = everyone.system_code
        and broken_down.geography_type = everyone.geography_type
        and broken_down.geography_code = everyone.geography_code
        and broken_down.period_end = everyone.period_end
where
    broken_down.numerator <> everyone.numerator
    or broken_down.denominator <> everyone.denominator
