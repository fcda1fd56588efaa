with register_month as (

    select * from {{ ref('int_register_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'ahc_and_hap'

)

select
    {{ contribution_columns('measure_period', 'register_month', missing=['commissioner_type']) }},
    cast(
        case
            when
                register_month.ahc_date between measure_period.financial_year_start and measure_period.period_end
                and register_month.hap_date between measure_period.financial_year_start and measure_period.period_end
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
