-- The people on the register are the numerator; each population cell is a contribution of its own to the denominator,
-- so that every breakdown divides by its own residents.
with register_month as (

    select * from {{ ref('int_register_month') }}

),

resident_month as (

    select * from {{ ref('int_resident_month') }}

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
        'measure_period', 'resident_month', missing=['person_key', 'practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(0 as bigint) as numerator,
    cast(resident_month.population as bigint) as denominator
from resident_month
inner join reported
    on
        resident_month.system_code = reported.system_code
        and resident_month.period_end = reported.period_end
inner join measure_period
    on resident_month.period_end = measure_period.period_end
