-- Every value a breakdown can take, from the lists themselves, so that a group with nobody in it still has its row.
with code_list as (

    select * from {{ ref('stg_code_list') }}

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

value_band as (

    select * from {{ ref('stg_value_band') }}

),

listed as (

    select
        case code_list
            when 'ethnic_category' then 'ethnicity_group'
            when 'legal_status' then 'legal_status_group'
            when 'leder_cause_group' then 'cause_group'
            when 'leder_action_theme' then 'action_theme'
            when 'cld_service_type' then 'service_type'
            when 'restrictive_intervention_type' then 'restraint_type'
            else code_list
        end as breakdown_type,
        case when code_list in ('ethnic_category', 'legal_status') then group_name else label end as breakdown_value,
        min(sort_order) as sort_order
    from code_list
    where
        code_list in (
            'sex', 'ethnic_category', 'deprivation_quintile', 'commissioner_type', 'ward_security', 'legal_status',
            'respite', 'dsr_rating', 'leder_cause_group', 'leder_action_theme', 'known_from',
            'restrictive_intervention_type', 'employer_type', 'programme_workstream', 'supported_accommodation_type',
            'cld_service_type'
        )
        -- Of services only long-term ones are broken down.
        and (code_list <> 'cld_service_type' or group_name = 'long_term')
    group by 1, 2

)

select
    'all' as breakdown_type,
    'All' as breakdown_value,
    1 as sort_order,
    cast(null as integer) as age_from,
    cast(null as integer) as age_to

union all

select
    breakdown_type,
    breakdown_value,
    sort_order,
    cast(null as integer) as age_from,
    cast(null as integer) as age_to
from listed

union all

select
    'age_band' as breakdown_type,
    age_band as breakdown_value,
    sort_order,
    age_from,
    age_to
from age_band

union all

select
    band_type as breakdown_type,
    band as breakdown_value,
    sort_order,
    cast(null as integer) as age_from,
    cast(null as integer) as age_to
from value_band

union all

select
    unknown_level.breakdown_type,
    '{{ var("unknown") }}' as breakdown_value,
    99 as sort_order,
    cast(null as integer) as age_from,
    cast(null as integer) as age_to
from (
    values
    ('age_band'),
    ('deprivation_quintile'),
    ('commissioner_type'),
    ('length_of_stay_band'),
    ('ward_security'),
    ('legal_status_group'),
    ('distance_band'),
    ('respite'),
    ('dsr_rating'),
    ('cause_group'),
    ('action_theme'),
    ('known_from'),
    ('restraint_type'),
    ('employer_type'),
    ('programme_workstream'),
    ('supported_accommodation_type'),
    ('service_type')
) as unknown_level (breakdown_type)
