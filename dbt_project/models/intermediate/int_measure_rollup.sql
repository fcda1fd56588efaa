-- The one roll-up of every measure's counts. What a measure may show is decided by the catalogue, downstream.
with measure as (

    select * from {{ ref('stg_measure') }}

),

placed as (

    {{ contribution_areas() }}

),

contribution as (

    select
        placed.*,
        case when measure.counts_events and placed.numerator > 0 then placed.person_key end as person_counted
    from placed
    inner join measure
        on placed.measure_id = measure.measure_id

)

{{ roll_up('contribution', {
    'numerator': 'cast(sum(numerator) as bigint)',
    'denominator': 'cast(sum(denominator) as bigint)',
    'adjustments': 'cast(sum(adjustments) as bigint)',
    'people': 'cast(count(person_key) as bigint)',
    'people_counted': 'cast(count(distinct person_counted) as bigint)',
}) }}
