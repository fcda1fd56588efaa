with register_month as (

    select * from {{ ref('int_register_month') }}

),

organisation as (

    select organisation_key, organisation_code from {{ ref('dim_organisation') }}

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    {{ joined_key(['register_month.system_code', 'register_month.person_key', 'register_month.period_end']) }}
        as membership_key,
    register_month.period_end,
    register_month.person_key,
    coalesce(organisation.organisation_key, '-1') as organisation_key,
    register_month.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    register_month.practice_code,
    register_month.pcn_code,
    register_month.place_code,
    register_month.age,
    register_month.age_band,
    register_month.sex,
    register_month.ethnicity_group,
    register_month.deprivation_quintile,
    register_month.register_date,
    register_month.has_autism,
    register_month.has_reasonable_adjustment,
    register_month.ahc_date,
    register_month.ahc_declined_date,
    register_month.hap_date,
    register_month.submission_period_end
from register_month
left join organisation
    on register_month.practice_code = organisation.organisation_code
left join place
    on register_month.place_code = place.geography_code
