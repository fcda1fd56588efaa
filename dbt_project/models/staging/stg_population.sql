with population as (

    select * from {{ ref('population') }}

),

quintile as (

    select * from {{ ref('stg_code_list') }} where code_list = 'deprivation_quintile'

),

age_band as (

    select * from {{ ref('stg_age_band') }}

)

select
    population.place_code,
    population.year as population_year,
    population.sex,
    population.age_band,
    age_band.age_from,
    age_band.age_to,
    population.ethnicity_group,
    coalesce(quintile.label, '{{ var("unknown") }}') as deprivation_quintile,
    population.population
from population
left join age_band
    on population.age_band = age_band.age_band
left join quintile
    on cast(population.deprivation_quintile as {{ dbt.type_string() }}) = quintile.code_key
