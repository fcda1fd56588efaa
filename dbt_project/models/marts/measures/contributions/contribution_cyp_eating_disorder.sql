with inpatient_month as (

    select * from {{ ref('int_inpatient_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'cyp_eating_disorder'

)

select
    {{ contribution_columns('measure_period', 'inpatient_month', missing=['practice_code', 'pcn_code']) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from inpatient_month
inner join measure_period
    on
        inpatient_month.period_end = measure_period.period_end
        and inpatient_month.has_eating_disorder
        and inpatient_month.age between measure_period.age_from and measure_period.age_to
