{{ config(alias='dim_geography') }}

-- Names of the areas above, so that a reader drills from system to place to network to practice without another join.
with geography as (

    select * from {{ ref('dim_geography') }}

)

select
    geography.geography_key,
    geography.geography_type,
    {{ display_name('geography.geography_type') }} as geography_type_name,
    geography.geography_code,
    geography.geography_name,
    geography.system_code,
    geography.place_code,
    place.geography_name as place_name,
    geography.pcn_code,
    pcn.geography_name as pcn_name,
    geography.sort_order as geography_sort_order
from geography
left join geography as place
    on
        geography.place_code = place.geography_code
        and geography.system_code = place.system_code
        and place.geography_type = 'place'
left join geography as pcn
    on
        geography.pcn_code = pcn.geography_code
        and geography.system_code = pcn.system_code
        and pcn.geography_type = 'pcn'
