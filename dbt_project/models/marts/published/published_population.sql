{{ config(alias='population') }}

with population as (

    select * from {{ ref('int_population') }}

),

system as (

    select * from {{ ref('stg_system') }}

)

select
    population.system_code,
    population.place_code,
    population.population_year,
    cast(sum(population.population) as bigint) as population,
    case when max(population.release_period_end) is null then 'Reference data' else 'Received release' end as source,
    max(population.release_period_end) as release_period_end
from population
inner join system
    on population.system_code = system.system_code
group by population.system_code, population.place_code, population.population_year
