with restraint as (

    select distinct
        restraint_type,
        person_key,
        system_code,
        period_end
    from {{ ref('int_restrictive_intervention') }}

),

inpatient_month as (

    select * from {{ ref('int_trust_inpatient_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'people_restricted_by_type'

),

restricted as (

    select
        inpatient_month.*,
        restraint.restraint_type
    from restraint
    inner join inpatient_month
        on
            restraint.period_end = inpatient_month.period_end
            and restraint.system_code = inpatient_month.system_code
            and restraint.person_key = inpatient_month.person_key

)

select
    {{ contribution_columns(
        'measure_period', 'restricted',
        missing=['practice_code', 'pcn_code', 'commissioner_type'], own=['restraint_type']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from restricted
inner join measure_period
    on restricted.period_end = measure_period.period_end
