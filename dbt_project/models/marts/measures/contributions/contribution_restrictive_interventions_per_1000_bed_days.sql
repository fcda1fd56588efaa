with inpatient_month as (

    select * from {{ ref('int_trust_inpatient_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'restrictive_interventions_per_1000_bed_days'

)

select
    {{ contribution_columns(
        'measure_period', 'inpatient_month',
        missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    inpatient_month.interventions as numerator,
    inpatient_month.bed_days as denominator
from inpatient_month
inner join measure_period
    on inpatient_month.period_end = measure_period.period_end
