with register_month as (

    select * from {{ ref('int_register_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'ahc_rolling_12_months'

)

select
    {{ contribution_columns('measure_period', 'register_month', missing=['commissioner_type']) }},
    cast(
        case
            when
                {{ checked_and_planned_in_rolling_year('register_month', 'measure_period.period_end') }}
                then 1
            else 0
        end as bigint
    ) as numerator,
    cast(1 as bigint) as denominator
from register_month
inner join measure_period
    on
        register_month.period_end = measure_period.period_end
        and register_month.age between measure_period.age_from and measure_period.age_to
