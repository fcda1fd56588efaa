-- The one roll-up of every measure. What a measure may show is decided by the catalogue, downstream. A sum of fractions
-- differs in its last digits with the order of its rows, so it is rounded: the same inputs give the same figure.
with contribution as (

    {{ contribution_areas() }}

)

{{ roll_up('contribution', {
    'numerator': 'cast(sum(numerator) as bigint)',
    'denominator': 'cast(sum(denominator) as bigint)',
    'total': 'round(sum(value), 6)',
    'adjustments': 'cast(sum(adjustments) as bigint)',
    'people': 'cast(count(person_key) as bigint)',
}) }}
