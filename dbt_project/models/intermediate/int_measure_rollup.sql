-- The one roll-up of every measure's counts. What a measure may show is decided by the catalogue, downstream.
with contribution as (

    {{ contribution_areas() }}

)

{{ roll_up('contribution', {
    'numerator': 'cast(sum(numerator) as bigint)',
    'denominator': 'cast(sum(denominator) as bigint)',
    'adjustments': 'cast(sum(adjustments) as bigint)',
    'people': 'cast(count(person_key) as bigint)',
}) }}
