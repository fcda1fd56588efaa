with referral as (

    select *
    from {{ ref('int_community_autism_month') }}
    where
        is_open
        and first_contact_date is null

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'community_autism_median_wait_days'

)

select
    {{ contribution_columns(
        'measure_period', 'referral',
        missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(null as bigint) as numerator,
    cast(1 as bigint) as denominator,
    cast(referral.days_waited as double) as value
from referral
inner join measure_period
    on referral.period_end = measure_period.period_end
