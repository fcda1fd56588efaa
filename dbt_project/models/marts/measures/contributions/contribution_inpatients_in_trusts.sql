with inpatient_month as (

    select * from {{ ref('int_trust_inpatient_month') }} where is_in_hospital

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'inpatients_in_trusts'

)

select
    {{ contribution_columns(
        'measure_period', 'inpatient_month',
        missing=['practice_code', 'pcn_code', 'commissioner_type'], own=['respite']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from inpatient_month
inner join measure_period
    on inpatient_month.period_end = measure_period.period_end
