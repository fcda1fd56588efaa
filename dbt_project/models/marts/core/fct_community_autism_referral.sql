with referral_month as (

    select
        int_community_autism_month.*,
        row_number() over (
            partition by
                int_community_autism_month.system_code,
                int_community_autism_month.partner_code,
                int_community_autism_month.referral_id_token
            order by int_community_autism_month.period_end desc
        ) as recency
    from {{ ref('int_community_autism_month') }} as int_community_autism_month

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    {{ joined_key(['referral_month.system_code', 'referral_month.partner_code', 'referral_month.referral_id_token']) }}
        as referral_key,
    referral_month.person_key,
    referral_month.system_code,
    referral_month.partner_code,
    coalesce(place.geography_key, '-1') as place_key,
    referral_month.place_code,
    referral_month.received_date,
    referral_month.referral_source,
    referral_month.first_contact_date,
    referral_month.ended_date,
    referral_month.close_reason,
    referral_month.is_open,
    referral_month.days_waited,
    referral_month.period_end as as_at_period_end
from referral_month
left join place
    on referral_month.place_code = place.geography_code
where referral_month.recency = 1
