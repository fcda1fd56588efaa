-- The one roll-up of every measure. What a measure may show is decided by the catalogue, downstream.
with contribution as (

    select
        measure_contribution.*,
        system.system_geography_code
    from {{ ref('measure_contribution') }} as measure_contribution
    inner join {{ ref('stg_system') }} as system
        on measure_contribution.system_code = system.system_code

)

{{ roll_up('contribution', {
    'numerator': 'cast(sum(numerator) as bigint)',
    'denominator': 'cast(sum(denominator) as bigint)',
    'total': 'sum(value)',
    'people': 'cast(count(person_key) as bigint)',
}) }}
