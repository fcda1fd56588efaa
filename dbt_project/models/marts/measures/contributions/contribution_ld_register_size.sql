with register_month as (

    select * from {{ ref('int_register_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'ld_register_size'

)

select
    {{ contribution_columns('measure_period', 'register_month', missing=['commissioner_type']) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from register_month
inner join measure_period
    on register_month.period_end = measure_period.period_end
