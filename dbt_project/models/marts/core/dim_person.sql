with person as (

    select * from {{ ref('int_person') }}

),

lsoa as (

    select * from {{ ref('stg_lsoa') }}

),

trust_person as (

    select * from {{ ref('int_trust_person') }}

)

select
    person.person_key,
    person.link_method,
    person.birth_month,
    person.death_date,
    coalesce(person.sex, '{{ var("unknown") }}') as sex,
    coalesce(person.ethnicity_group, '{{ var("ethnicity_unknown") }}') as ethnicity_group,
    coalesce(lsoa.deprivation_quintile, '{{ var("unknown") }}') as deprivation_quintile,
    coalesce(lsoa.place_code, '{{ var("unknown") }}') as home_place_code,
    person.is_in_gp_register_feed,
    person.is_in_inpatient_feed,
    person.is_in_leder_feed,
    person.is_in_social_care_feed,
    trust_person.person_key is not null as is_in_trust_feed,
    trust_person.qualifying_tables,
    coalesce(trust_person.has_autism_referral, false) as has_autism_referral
from person
left join lsoa
    on person.lsoa_code = lsoa.lsoa_code
left join trust_person
    on person.person_key = trust_person.person_key
-- Trusts tell of everybody they care for; others than people with a learning disability or autism do not belong here.
where
    not person.is_only_in_trust_feed
    or trust_person.person_key is not null

union all

select
    '-1' as person_key,
    '{{ var("unknown") }}' as link_method,
    cast(null as date) as birth_month,
    cast(null as date) as death_date,
    '{{ var("unknown") }}' as sex,
    '{{ var("ethnicity_unknown") }}' as ethnicity_group,
    '{{ var("unknown") }}' as deprivation_quintile,
    '{{ var("unknown") }}' as home_place_code,
    false as is_in_gp_register_feed,
    false as is_in_inpatient_feed,
    false as is_in_leder_feed,
    false as is_in_social_care_feed,
    false as is_in_trust_feed,
    cast(null as {{ dbt.type_string() }}) as qualifying_tables,
    false as has_autism_referral
