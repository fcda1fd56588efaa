with referral as (

    select * from {{ ref('int_community_autism_month') }} where is_open

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'community_autism_over_13_weeks'

)

select
    {{ contribution_columns(
        'measure_period', 'referral',
        missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(case when referral.days_waited > measure_period.interval_value then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from referral
inner join measure_period
    on referral.period_end = measure_period.period_end
