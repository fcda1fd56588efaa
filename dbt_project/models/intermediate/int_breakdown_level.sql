-- Every value a breakdown can take, from the lists themselves, so that a group with nobody in it still has its row.
with code_list as (

    select * from {{ ref('stg_code_list') }}

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

listed as (

    select
        case code_list when 'ethnic_category' then 'ethnicity_group' else code_list end as breakdown_type,
        case code_list when 'ethnic_category' then group_name else label end as breakdown_value,
        min(sort_order) as sort_order
    from code_list
    where code_list in ('sex', 'ethnic_category', 'deprivation_quintile', 'commissioner_type')
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
    unknown_level.breakdown_type,
    '{{ var("unknown") }}' as breakdown_value,
    99 as sort_order,
    cast(null as integer) as age_from,
    cast(null as integer) as age_to
from (values ('age_band'), ('deprivation_quintile'), ('commissioner_type')) as unknown_level (breakdown_type)
