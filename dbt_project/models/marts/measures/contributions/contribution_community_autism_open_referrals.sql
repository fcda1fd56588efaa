with referral as (

    select * from {{ ref('int_community_autism_month') }} where is_open

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'community_autism_open_referrals'

)

select
    {{ contribution_columns(
        'measure_period', 'referral',
        missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from referral
inner join measure_period
    on referral.period_end = measure_period.period_end
