-- The one place where received estimates take precedence over reference data: a council's year is as the latest
-- release that has it says, else as the seed says. A release knows sex and age alone; how they are shared among
-- ethnicity groups and deprivation quintiles comes from the seed's same year or, failing that, the nearest (an earlier
-- one first). Shares are rounded by largest remainder, so that the parts add up to the release exactly.
with geography as (

    select distinct
        geography_code as place_code,
        system_code
    from {{ ref('stg_geography') }}
    where geography_type = 'place'

),

seeded as (

    select
        geography.system_code,
        population.*
    from {{ ref('stg_population') }} as population
    inner join geography
        on population.place_code = geography.place_code

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

release_row as (

    select
        release.*,
        dense_rank() over (
            partition by release.system_code, release.place_code, release.population_year
            order by release.release_period_end desc
        ) as recency
    from {{ ref('stg_ons_population') }} as release
    inner join geography
        on
            release.system_code = geography.system_code
            and release.place_code = geography.place_code

),

received as (

    select
        release_row.system_code,
        release_row.place_code,
        release_row.population_year,
        release_row.release_period_end,
        release_row.sex,
        age_band.age_band,
        age_band.age_from,
        age_band.age_to,
        sum(release_row.population) as residents
    from release_row
    inner join age_band
        on release_row.age between age_band.age_from and age_band.age_to
    where release_row.recency = 1
    group by
        release_row.system_code,
        release_row.place_code,
        release_row.population_year,
        release_row.release_period_end,
        release_row.sex,
        age_band.age_band,
        age_band.age_from,
        age_band.age_to

),

received_year as (

    select distinct
        system_code,
        place_code,
        population_year
    from received

),

split_year as (

    select
        received_year.system_code,
        received_year.place_code,
        received_year.population_year,
        coalesce(
            max(case when seeded.population_year <= received_year.population_year then seeded.population_year end),
            min(seeded.population_year)
        ) as split_by
    from received_year
    left join seeded
        on
            received_year.system_code = seeded.system_code
            and received_year.place_code = seeded.place_code
    group by received_year.system_code, received_year.place_code, received_year.population_year

),

weighted as (

    select
        received.*,
        seeded.ethnicity_group,
        seeded.deprivation_quintile,
        seeded.population as weight,
        sum(seeded.population) over (
            partition by
                received.system_code, received.place_code, received.population_year, received.sex, received.age_band
        ) as all_weights
    from received
    inner join split_year
        on
            received.system_code = split_year.system_code
            and received.place_code = split_year.place_code
            and received.population_year = split_year.population_year
    left join seeded
        on
            split_year.system_code = seeded.system_code
            and split_year.place_code = seeded.place_code
            and split_year.split_by = seeded.population_year
            and received.sex = seeded.sex
            and received.age_band = seeded.age_band
            and seeded.population > 0

),

shared as (

    select
        weighted.*,
        case
            when weighted.all_weights > 0
                then cast(
                    floor(weighted.residents * weighted.weight / cast(weighted.all_weights as double)) as bigint
                )
            else weighted.residents
        end as whole_people,
        case
            when weighted.all_weights > 0 then mod(weighted.residents * weighted.weight, weighted.all_weights)
            else 0
        end as remainder
    from weighted

),

ranked as (

    select
        shared.*,
        shared.residents - sum(shared.whole_people) over band as people_left,
        row_number() over (
            partition by shared.system_code, shared.place_code, shared.population_year, shared.sex, shared.age_band
            order by shared.remainder desc, shared.ethnicity_group asc, shared.deprivation_quintile asc
        ) as place_in_line
    from shared
    window
        band as (
            partition by shared.system_code, shared.place_code, shared.population_year, shared.sex, shared.age_band
        )

)

select
    system_code,
    place_code,
    population_year,
    sex,
    age_band,
    age_from,
    age_to,
    coalesce(ethnicity_group, '{{ var("ethnicity_unknown") }}') as ethnicity_group,
    coalesce(deprivation_quintile, '{{ var("unknown") }}') as deprivation_quintile,
    cast(whole_people + case when place_in_line <= people_left then 1 else 0 end as bigint) as population,
    release_period_end
from ranked

union all

select
    seeded.system_code,
    seeded.place_code,
    seeded.population_year,
    seeded.sex,
    seeded.age_band,
    seeded.age_from,
    seeded.age_to,
    seeded.ethnicity_group,
    seeded.deprivation_quintile,
    cast(seeded.population as bigint) as population,
    cast(null as date) as release_period_end
from seeded
left join received_year
    on
        seeded.system_code = received_year.system_code
        and seeded.place_code = received_year.place_code
        and seeded.population_year = received_year.population_year
where received_year.place_code is null
