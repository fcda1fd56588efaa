-- The one roll-up of every measure. What a measure may show is decided by the catalogue, downstream.
with contribution as (

    {{ contribution_areas() }}

)

{{ roll_up('contribution', {
    'numerator': 'cast(sum(numerator) as bigint)',
    'denominator': 'cast(sum(denominator) as bigint)',
    'total': 'sum(value)',
    'people': 'cast(count(person_key) as bigint)',
}) }}
