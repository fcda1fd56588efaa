-- Only for months whose own register was received: what is missing from a month is not taken for nothing having
-- happened.
with entry as (

    select * from {{ ref('int_dsr_entry') }}

),

reported as (

    select distinct
        effective_submission.system_code,
        effective_submission.period_end,
        reporting_month.financial_year_start
    from {{ ref('int_effective_submission') }} as effective_submission
    inner join {{ ref('int_reporting_month') }} as reporting_month
        on effective_submission.period_end = reporting_month.period_end
    where
        effective_submission.feed = 'dsr'
        and not effective_submission.is_stale

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

added as (

    select
        reported.period_end,
        entry.*,
        {{ age_in_years('entry.birth_month', 'reported.period_end') }} as age
    from entry
    inner join reported
        on
            entry.system_code = reported.system_code
            and entry.date_added between reported.financial_year_start and reported.period_end

)

select
    added.period_end,
    added.person_key,
    added.system_code,
    added.date_added,
    added.place_code,
    added.sex,
    coalesce(age_band.age_band, '{{ var("unknown") }}') as age_band,
    added.ethnicity_group,
    added.deprivation_quintile,
    added.referral_route,
    added.is_self_referral
from added
left join age_band
    on added.age between age_band.age_from and age_band.age_to
