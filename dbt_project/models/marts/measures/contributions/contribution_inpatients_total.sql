with inpatient_month as (

    select * from {{ ref('int_inpatient_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'inpatients_total'

)

select
    {{ contribution_columns(
        'measure_period', 'inpatient_month', missing=['practice_code', 'pcn_code'],
        own=['length_of_stay_band', 'ward_security', 'legal_status_group', 'distance_band']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from inpatient_month
inner join measure_period
    on inpatient_month.period_end = measure_period.period_end
