with support_month as (

    select * from {{ ref('int_cld_support_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'long_term_support'

)

select
    {{ contribution_columns(
        'measure_period', 'support_month', missing=['practice_code', 'pcn_code', 'commissioner_type'],
        own=['service_type']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from support_month
inner join measure_period
    on
        support_month.period_end = measure_period.period_end
        and support_month.age between measure_period.age_from and measure_period.age_to
