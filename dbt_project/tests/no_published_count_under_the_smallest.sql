-- No published count of people is one that the disclosure rule of its measure hides, none is unrounded, no events are
-- of too few people, and no rate is shown beside a suppressed count.
with published as (

    select * from {{ ref('published_measure_value') }}

),

cell as (

    select * from {{ ref('int_measure_cell') }}

)

select
    published.measure_id,
    published.geography_type,
    published.geography_code,
    published.breakdown_type,
    published.breakdown_value,
    published.period_end
from published
inner join cell
    on
        published.measure_id = cell.measure_id
        and published.system_code = cell.system_code
        and published.geography_type = cell.geography_type
        and published.geography_code = cell.geography_code
        and published.breakdown_type = cell.breakdown_type
        and published.breakdown_value = cell.breakdown_value
        and published.period_end = cell.period_end
where
    mod(published.numerator, cell.round_to) <> 0
    or (
        {{ in_list("'numerator'", 'cell.judged_sides') }}
        and published.numerator < cell.smallest_count
        and (not cell.only_if_adjusted or coalesce(cell.adjustments, 1) > 0)
    )
    or (
        cell.counts_events
        and published.numerator is not null
        and cell.people_counted < cell.smallest_count
    )
    or (
        cell.denominator_kind = 'people'
        and (
            mod(published.denominator, cell.round_to) <> 0
            or (
                {{ in_list("'denominator'", 'cell.judged_sides') }}
                and published.denominator < cell.smallest_count
                and (not cell.only_if_adjusted or coalesce(cell.adjustments, 1) > 0)
            )
        )
    )
    or (
        published.suppression in ('suppressed', 'secondary')
        and coalesce(published.value, published.lower_95, published.upper_95) is not null
    )
