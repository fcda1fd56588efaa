with reconciled as (

    select * from {{ ref('int_inpatient_reconciliation') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'inpatients_in_either_source'

)

select
    {{ contribution_columns(
        'measure_period', 'reconciled',
        missing=['practice_code', 'pcn_code', 'commissioner_type'], own=['known_from']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from reconciled
inner join measure_period
    on reconciled.period_end = measure_period.period_end
