with inpatient_month as (

    select * from {{ ref('int_inpatient_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'median_length_of_stay'

)

select
    {{ contribution_columns('measure_period', 'inpatient_month', missing=['practice_code', 'pcn_code']) }},
    cast(null as bigint) as numerator,
    cast(1 as bigint) as denominator,
    cast(inpatient_month.days_in_hospital as double) as value
from inpatient_month
inner join measure_period
    on inpatient_month.period_end = measure_period.period_end
