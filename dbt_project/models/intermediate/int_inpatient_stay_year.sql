-- Stays for measures that look back over a year, in months whose own census was received: what is missing from a month
-- is not taken for nothing having happened.
with stay as (

    select * from {{ ref('int_inpatient_stay') }}

),

reported as (

    select distinct
        system_code,
        period_end
    from {{ ref('int_inpatient_stay_month') }}

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

aged as (

    select
        reported.period_end,
        stay.*,
        {{ age_in_years('stay.birth_month', 'reported.period_end') }} as age
    from stay
    inner join reported
        on
            stay.system_code = reported.system_code
            and stay.first_admission_date <= reported.period_end
    where
        stay.first_admission_date > {{ add_months('reported.period_end', -var('rolling_months')) }}
        or stay.discharge_date > {{ add_months('reported.period_end', -var('rolling_months')) }}

)

select
    aged.*,
    coalesce(age_band.age_band, '{{ var("unknown") }}') as age_band
from aged
left join age_band
    on aged.age between age_band.age_from and age_band.age_to
