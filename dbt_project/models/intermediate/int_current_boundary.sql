{#- Practices on the boundaries that hold on the day after their system's reporting month, for areas that had other
    practices in one of its months: only there do figures on current boundaries differ from figures as they were. -#}
{%- set types = "'" ~ var('current_boundary_types') | join("', '") ~ "'" -%}

with geography_link as (

    select
        geography_link.*,
        practice.system_code
    from {{ ref('stg_geography_link') }} as geography_link
    inner join {{ ref('stg_organisation') }} as practice
        on
            geography_link.child_code = practice.organisation_code
            and geography_link.child_type = practice.organisation_type
    where geography_link.child_type = 'practice' and geography_link.parent_type in ({{ types }})

),

system_month as (

    select * from {{ ref('int_system_month') }}

),

boundary as (

    select system_code, {{ add_days('period_end', 1) }} as boundary_date from system_month where is_latest_period

),

current_link as (

    select geography_link.*
    from geography_link
    inner join boundary
        on
            geography_link.system_code = boundary.system_code
            and {{ valid_on('geography_link', 'boundary.boundary_date') }}

),

moved as (

    select distinct
        geography_link.parent_type,
        geography_link.parent_code as former_code,
        current_link.parent_code as current_code
    from geography_link
    inner join system_month
        on
            geography_link.system_code = system_month.system_code
            and {{ valid_on('geography_link', 'system_month.period_end') }}
    inner join current_link
        on
            geography_link.child_code = current_link.child_code
            and geography_link.parent_type = current_link.parent_type
            and geography_link.parent_code <> current_link.parent_code

),

changed as (

    select parent_type, former_code as parent_code from moved
    union
    select parent_type, current_code as parent_code from moved

)

select
    current_link.child_code as practice_code,
    current_link.parent_type || '_current' as geography_type,
    current_link.parent_code as geography_code
from current_link
inner join changed
    on
        current_link.parent_type = changed.parent_type
        and current_link.parent_code = changed.parent_code
