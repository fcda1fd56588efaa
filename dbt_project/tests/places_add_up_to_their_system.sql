-- The places of a system hold everyone in it, whoever is in none of them in its remainder. Warned of here; the gate
-- LAYERS-PLACES withholds the measure.
{{ config(severity='warn') }}

with everyone as (

    select * from {{ ref('int_measure_cell') }} where breakdown_type = 'all'

),

places as (

    select
        measure_id,
        system_code,
        period_end,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from everyone
    where geography_type = 'place'
    group by measure_id, system_code, period_end

)

select
    places.measure_id,
    places.system_code,
    places.period_end
from places
inner join everyone
    on
        places.measure_id = everyone.measure_id
        and places.system_code = everyone.system_code
        and places.period_end = everyone.period_end
        and everyone.geography_type = 'system'
where
    places.numerator <> everyone.numerator
    or places.denominator <> everyone.denominator
