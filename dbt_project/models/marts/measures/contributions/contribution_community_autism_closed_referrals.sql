with referral as (

    select * from {{ ref('int_community_autism_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'community_autism_closed_referrals'

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
where
    not referral.is_open
    and referral.ended_date >= {{ month_start('measure_period.period_end') }}
