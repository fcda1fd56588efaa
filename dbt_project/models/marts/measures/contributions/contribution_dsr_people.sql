with dsr_month as (

    select * from {{ ref('int_dsr_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'dsr_people'

)

select
    {{ contribution_columns(
        'measure_period', 'dsr_month',
        missing=['practice_code', 'pcn_code', 'commissioner_type'], own=['dsr_rating']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from dsr_month
inner join measure_period
    on dsr_month.period_end = measure_period.period_end
