{# Contributions with every area they belong to: those of the contribution itself, of its practice then and on current
   boundaries, and the neighbourhood of the practice or the person (`U` in a system with neighbourhoods where neither is
   known). Who is in no place of the system that month is in its remainder, `U`: places add up to the system whatever is
   known of people. Areas a system does not have are blank. `condition` picks contributions. #}
{% macro contribution_areas(condition='true') %}
select
    measure_contribution.*,
    system.system_geography_code,
    coalesce(place.geography_code, '{{ var("unallocated") }}') as place_area_code,
    practice_month.sub_icb_code,
    practice_month.icb_code,
    pcn_boundary.geography_code as pcn_current_code,
    icb_boundary.geography_code as icb_current_code,
    coalesce(
        practice_month.neighbourhood_code,
        person_neighbourhood.neighbourhood_code,
        case when with_neighbourhoods.system_code is not null then '{{ var("unallocated") }}' end
    ) as neighbourhood_code
from {{ ref('measure_contribution') }} as measure_contribution
inner join {{ ref('stg_system') }} as system
    on measure_contribution.system_code = system.system_code
left join {{ ref('int_geography_month') }} as place
    on
        measure_contribution.system_code = place.system_code
        and measure_contribution.period_end = place.period_end
        and measure_contribution.place_code = place.geography_code
        and place.geography_type = 'place'
left join {{ ref('int_practice_month') }} as practice_month
    on
        measure_contribution.practice_code = practice_month.practice_code
        and measure_contribution.period_end = practice_month.period_end
left join {{ ref('int_current_boundary') }} as pcn_boundary
    on
        measure_contribution.practice_code = pcn_boundary.practice_code
        and pcn_boundary.geography_type = 'pcn_current'
left join {{ ref('int_current_boundary') }} as icb_boundary
    on
        measure_contribution.practice_code = icb_boundary.practice_code
        and icb_boundary.geography_type = 'icb_current'
left join (
    select distinct system_code from {{ ref('stg_geography') }} where geography_type = 'neighbourhood'
) as with_neighbourhoods
    on measure_contribution.system_code = with_neighbourhoods.system_code
left join {{ ref('int_person_neighbourhood') }} as person_neighbourhood
    on
        measure_contribution.system_code = person_neighbourhood.system_code
        and measure_contribution.period_end = person_neighbourhood.period_end
        and measure_contribution.person_key = person_neighbourhood.person_key
where {{ condition }}
{%- endmacro %}
