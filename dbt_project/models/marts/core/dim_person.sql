with person as (

    select * from {{ ref('int_person') }}

),

lsoa as (

    select * from {{ ref('stg_lsoa') }}

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
    person.is_in_social_care_feed
from person
left join lsoa
    on person.lsoa_code = lsoa.lsoa_code

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
    false as is_in_social_care_feed
