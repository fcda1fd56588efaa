with added as (

    select * from {{ ref('int_dsr_added_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'dsr_self_referrals'

)

select
    {{ contribution_columns('measure_period', 'added', missing=['practice_code', 'pcn_code', 'commissioner_type']) }},
    cast(case when added.is_self_referral then 1 else 0 end as bigint) as numerator,
    cast(1 as bigint) as denominator
from added
inner join measure_period
    on added.period_end = measure_period.period_end
