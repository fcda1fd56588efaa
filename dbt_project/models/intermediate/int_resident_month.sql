-- Residents of each place as known at a month end: those of its latest estimate of the month's year or before.
with population as (

    select * from {{ ref('int_population') }}

),

system_month as (

    select * from {{ ref('int_system_month') }}

),

estimate as (

    select
        population.*,
        system_month.period_end,
        dense_rank() over (
            partition by population.system_code, population.place_code, system_month.period_end
            order by population.population_year desc
        ) as recency
    from population
    inner join system_month
        on
            population.system_code = system_month.system_code
            and extract(year from system_month.period_end) >= population.population_year

)

select
    system_code,
    place_code,
    period_end,
    population_year,
    sex,
    age_band,
    age_from,
    age_to,
    ethnicity_group,
    deprivation_quintile,
    population
from estimate
where recency = 1
