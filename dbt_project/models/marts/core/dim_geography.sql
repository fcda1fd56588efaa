-- Areas as they are now; the history of their hierarchy stays in the reference data and is applied month by month.
with geography_month as (

    select * from {{ ref('int_geography_month') }}

),

latest as (

    select
        geography_month.*,
        row_number() over (
            partition by
                geography_month.system_code, geography_month.geography_type, geography_month.geography_code
            order by geography_month.period_end desc
        ) as recency
    from geography_month

),

current_area as (

    select * from latest where recency = 1

),

geography_link as (

    select * from {{ ref('stg_geography_link') }}

),

parent as (

    select
        current_area.geography_type,
        current_area.geography_code,
        max(case when geography_link.parent_type = 'pcn' then geography_link.parent_code end) as pcn_code,
        max(case when geography_link.parent_type = 'place' then geography_link.parent_code end) as place_code
    from current_area
    inner join geography_link
        on
            current_area.geography_type = geography_link.child_type
            and current_area.geography_code = geography_link.child_code
            and {{ valid_on('geography_link', 'current_area.period_end') }}
    group by current_area.geography_type, current_area.geography_code

),

sorted as (

    select geography_type, geography_code, max(sort_order) as sort_order
    from {{ ref('stg_geography') }}
    group by geography_type, geography_code

)

select
    {{ joined_key(['current_area.system_code', 'current_area.geography_type', 'current_area.geography_code']) }}
        as geography_key,
    current_area.geography_type,
    current_area.geography_code,
    current_area.geography_name,
    current_area.system_code,
    case when current_area.geography_type = 'pcn' then current_area.geography_code else parent.pcn_code end as pcn_code,
    case when current_area.geography_type = 'place' then current_area.geography_code else parent.place_code end
        as place_code,
    sorted.sort_order
from current_area
left join parent
    on
        current_area.geography_type = parent.geography_type
        and current_area.geography_code = parent.geography_code
left join sorted
    on
        current_area.geography_type = sorted.geography_type
        and current_area.geography_code = sorted.geography_code

union all

select
    '-1' as geography_key,
    '{{ var("unknown") }}' as geography_type,
    '-1' as geography_code,
    '{{ var("unknown") }}' as geography_name,
    '{{ var("unknown") }}' as system_code,
    cast(null as {{ dbt.type_string() }}) as pcn_code,
    cast(null as {{ dbt.type_string() }}) as place_code,
    cast(null as integer) as sort_order
