-- The people are the numerator; each population cell is a contribution of its own to the denominator, so that every
-- breakdown divides by its own population.
with inpatient_month as (

    select * from {{ ref('int_inpatient_month') }}

),

population as (

    select * from {{ ref('int_population') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'inpatients_under18_per_million'

),

reported as (

    select distinct system_code, period_end
    from {{ ref('int_effective_submission') }}
    where feed = 'inpatient_census'

)

select
    {{ contribution_columns(
        'measure_period', 'inpatient_month', missing=['practice_code', 'pcn_code']
    ) }},
    cast(1 as bigint) as numerator,
    cast(0 as bigint) as denominator
from inpatient_month
inner join measure_period
    on
        inpatient_month.period_end = measure_period.period_end
        and inpatient_month.age between measure_period.age_from and measure_period.age_to

union all

select
    {{ contribution_columns(
        'measure_period', 'population', missing=['person_key', 'practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(0 as bigint) as numerator,
    cast(population.population as bigint) as denominator
from population
inner join measure_period
    on
        population.population_year = measure_period.population_year
        and population.age_from >= measure_period.age_from
        and population.age_to <= measure_period.age_to
inner join reported
    on
        population.system_code = reported.system_code
        and measure_period.period_end = reported.period_end
