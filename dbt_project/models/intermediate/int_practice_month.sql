with practice as (

    select distinct child_code as practice_code
    from {{ ref('stg_geography_link') }}
    where child_type = 'practice'

),

geography_link as (

    select * from {{ ref('stg_geography_link') }} where child_type = 'practice'

),

reporting_month as (

    select * from {{ ref('int_reporting_month') }}

)

select
    practice.practice_code,
    reporting_month.period_end,
    coalesce(
        max(case when geography_link.parent_type = 'pcn' then geography_link.parent_code end),
        '{{ var("unallocated") }}'
    ) as pcn_code,
    coalesce(
        max(case when geography_link.parent_type = 'place' then geography_link.parent_code end),
        '{{ var("unknown") }}'
    ) as place_code,
    max(case when geography_link.parent_type = 'neighbourhood' then geography_link.parent_code end)
        as neighbourhood_code,
    max(case when geography_link.parent_type = 'sub_icb' then geography_link.parent_code end) as sub_icb_code,
    max(case when geography_link.parent_type = 'icb' then geography_link.parent_code end) as icb_code
from practice
cross join reporting_month
left join geography_link
    on
        practice.practice_code = geography_link.child_code
        and {{ valid_on('geography_link', 'reporting_month.period_end') }}
group by practice.practice_code, reporting_month.period_end
