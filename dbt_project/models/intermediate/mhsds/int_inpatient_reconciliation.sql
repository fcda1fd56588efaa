-- Who is in hospital at a month end, by the census and by the trusts' own submissions, side by side. Only months in
-- which both came are compared, and of the census only people in hospitals whose trust sent a submission for that
-- month: a hospital that tells nothing cannot disagree. A hospital site's ODS code begins with the code of its trust.
with census as (

    select
        inpatient_month.*,
        substr(inpatient_month.provider_site_code, 1, 3) as partner_code
    from {{ ref('int_inpatient_month') }} as inpatient_month
    where inpatient_month.submission_period_end = inpatient_month.period_end

),

trust as (

    select * from {{ ref('int_trust_inpatient_month') }} where is_in_hospital

),

census_month as (

    select distinct
        system_code,
        period_end
    from {{ ref('stg_submission') }}
    where feed = 'inpatient_census'

),

trust_month as (

    select distinct
        submission.system_code,
        submission.partner_code,
        submission.period_end
    from {{ ref('stg_submission') }} as submission
    inner join census_month
        on
            submission.system_code = census_month.system_code
            and submission.period_end = census_month.period_end
    where submission.feed = 'mhsds'

),

told as (

    select
        coalesce(census.period_end, trust.period_end) as period_end,
        coalesce(census.system_code, trust.system_code) as system_code,
        coalesce(census.person_key, trust.person_key) as person_key,
        case when trust.person_key is not null then trust.partner_code else census.partner_code end as partner_code,
        {% for column in ['age', 'sex', 'age_band', 'ethnicity_group', 'deprivation_quintile', 'place_code'] -%}
        coalesce(census.{{ column }}, trust.{{ column }}) as {{ column }},
        {% endfor -%}
        case
            when trust.person_key is null then 'Census only'
            when census.person_key is null then 'Trust only'
            else 'Both'
        end as known_from
    from census
    full outer join trust
        on
            census.period_end = trust.period_end
            and census.system_code = trust.system_code
            and census.person_key = trust.person_key

)

select told.*
from told
inner join trust_month
    on
        told.system_code = trust_month.system_code
        and told.partner_code = trust_month.partner_code
        and told.period_end = trust_month.period_end
