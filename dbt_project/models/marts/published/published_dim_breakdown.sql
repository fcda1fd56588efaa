{{ config(alias='dim_breakdown') }}

with breakdown_level as (

    select * from {{ ref('int_breakdown_level') }}

)

select
    {{ joined_key(['breakdown_type', 'breakdown_value']) }} as breakdown_key,
    breakdown_type,
    {{ display_name('breakdown_type') }} as breakdown_type_name,
    breakdown_value,
    sort_order as breakdown_sort_order
from breakdown_level

union all

select
    '-1' as breakdown_key,
    '{{ var("unknown") }}' as breakdown_type,
    '{{ var("unknown") }}' as breakdown_type_name,
    '{{ var("unknown") }}' as breakdown_value,
    -1 as breakdown_sort_order
