with referral as (

    select * from {{ ref('int_community_autism_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'community_autism_first_contact_13_weeks'

)

select
    {{ contribution_columns(
        'measure_period', 'referral',
        missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(
        case
            when
                referral.first_contact_date
                <= {{ add_days('referral.received_date', 'measure_period.interval_value') }}
                then 1
            else 0
        end as bigint
    ) as numerator,
    cast(1 as bigint) as denominator
from referral
inner join measure_period
    on referral.period_end = measure_period.period_end
where
    {{ add_days('referral.received_date', 'measure_period.interval_value') }}
    between {{ month_start('measure_period.period_end') }} and measure_period.period_end
