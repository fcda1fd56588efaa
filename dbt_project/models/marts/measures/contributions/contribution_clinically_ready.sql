with inpatient_month as (

    select * from {{ ref('int_inpatient_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'clinically_ready'

)

select
    {{ contribution_columns('measure_period', 'inpatient_month', missing=['practice_code', 'pcn_code']) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from inpatient_month
inner join measure_period
    on
        inpatient_month.period_end = measure_period.period_end
        and inpatient_month.clinically_ready_date <= measure_period.period_end
