with population as (

    select * from {{ ref('stg_population') }}

),

geography as (

    select distinct geography_code as place_code, system_code
    from {{ ref('stg_geography') }}
    where geography_type = 'place'

)

select
    geography.system_code,
    population.*
from population
inner join geography
    on population.place_code = geography.place_code
