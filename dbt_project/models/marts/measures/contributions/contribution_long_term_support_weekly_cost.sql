with support_month as (

    select * from {{ ref('int_cld_support_month') }}

),

weekly_cost as (

    select * from {{ ref('int_cld_weekly_cost') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'long_term_support_weekly_cost'

)

select
    {{ contribution_columns(
        'measure_period', 'support_month', missing=['practice_code', 'pcn_code', 'commissioner_type'],
        own=['service_type']
    ) }},
    cast(null as bigint) as numerator,
    cast(1 as bigint) as denominator,
    weekly_cost.weekly_cost as value
from support_month
inner join measure_period
    on
        support_month.period_end = measure_period.period_end
        and support_month.age between measure_period.age_from and measure_period.age_to
inner join weekly_cost
    on
        support_month.period_end = weekly_cost.period_end
        and support_month.system_code = weekly_cost.system_code
        and support_month.person_key = weekly_cost.person_key
