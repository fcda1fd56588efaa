-- The people on the register are the numerator; each population cell is a contribution of its own to the denominator,
-- so that every breakdown divides by its own residents: those of the latest estimate of the period's year or before.
with register_month as (

    select * from {{ ref('int_register_month') }}

),

population as (

    select * from {{ ref('int_population') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'ld_prevalence'

),

reported as (

    select distinct
        system_code,
        period_end
    from {{ ref('int_effective_submission') }}
    where feed = 'gp_ld_register'

),

resident as (

    select
        population.*,
        reported.period_end,
        dense_rank() over (
            partition by population.system_code, reported.period_end
            order by population.population_year desc
        ) as recency
    from population
    inner join reported
        on
            population.system_code = reported.system_code
            and extract(year from reported.period_end) >= population.population_year

)

select
    {{ contribution_columns('measure_period', 'register_month', missing=['commissioner_type']) }},
    cast(1 as bigint) as numerator,
    cast(0 as bigint) as denominator
from register_month
inner join measure_period
    on register_month.period_end = measure_period.period_end

union all

select
    {{ contribution_columns(
        'measure_period', 'resident', missing=['person_key', 'practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(0 as bigint) as numerator,
    cast(resident.population as bigint) as denominator
from resident
inner join measure_period
    on
        resident.period_end = measure_period.period_end
        and resident.recency = 1
