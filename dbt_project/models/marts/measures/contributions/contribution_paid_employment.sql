with support_month as (

    select * from {{ ref('int_cld_support_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'paid_employment'

)

select
    {{ contribution_columns(
        'measure_period', 'support_month', missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(case when support_month.employment_status_group = 'Paid' then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from support_month
inner join measure_period
    on
        support_month.period_end = measure_period.period_end
        and support_month.age between measure_period.age_from and measure_period.age_to
