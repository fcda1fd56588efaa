-- A referral counts in months in which a row of it flowed: what a trust did not send is not taken for a shorter list.
with referral_row as (

    select * from {{ ref('stg_autism_waiting_list') }}

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

listed as (

    select
        person_link.person_key,
        referral_row.*,
        {{ age_in_years('referral_row.birth_month', 'referral_row.submission_period_end') }} as age
    from referral_row
    inner join person_link
        on referral_row.person_token = person_link.person_token
    where
        referral_row.referral_received_date <= referral_row.submission_period_end
        and (
            referral_row.closed_date is null
            or referral_row.closed_date >= {{ month_start('referral_row.submission_period_end') }}
        )

)

select
    listed.submission_period_end as period_end,
    listed.system_code,
    listed.partner_code,
    listed.referral_id_token,
    listed.person_key,
    listed.age,
    listed.sex,
    coalesce(age_band.age_band, '{{ var("unknown") }}') as age_band,
    listed.ethnicity_group,
    listed.deprivation_quintile,
    listed.place_code,
    listed.referral_received_date as received_date,
    listed.closed_date as ended_date,
    listed.first_contact_date,
    listed.referral_source,
    listed.close_reason,
    coalesce(listed.closed_date > listed.submission_period_end, true) as is_open,
    {{ days_between('listed.referral_received_date', 'listed.submission_period_end') }} as days_waited
from listed
left join age_band
    on listed.age between age_band.age_from and age_band.age_to
