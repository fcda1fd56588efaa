{#- Practices on the boundaries that hold on the day after the reporting period, for areas that had other practices at
    some time before: only there do figures on current boundaries differ from figures as they were. -#}
{%- set types = "'" ~ var('current_boundary_types') | join("', '") ~ "'" -%}

with geography_link as (

    select * from {{ ref('stg_geography_link') }}
    where child_type = 'practice' and parent_type in ({{ types }})

),

run as (

    select {{ add_days('period_end', 1) }} as boundary_date from {{ ref('stg_run') }}

),

reporting_month as (

    select * from {{ ref('int_reporting_month') }}

),

current_link as (

    select geography_link.*
    from geography_link
    cross join run
    where {{ valid_on('geography_link', 'run.boundary_date') }}

),

moved as (

    select distinct
        geography_link.parent_type,
        geography_link.parent_code as former_code,
        current_link.parent_code as current_code
    from geography_link
    inner join reporting_month
        on {{ valid_on('geography_link', 'reporting_month.period_end') }}
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
