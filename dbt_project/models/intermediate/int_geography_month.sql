with geography as (

    -- Areas that are another by another name, or of which the warehouse holds a part only, have no figures.
    select * from {{ ref('stg_geography') }} where same_as is null

),

system_month as (

    select * from {{ ref('int_system_month') }}

),

practice as (

    select
        'practice' as geography_type,
        organisation_code as geography_code,
        organisation_name as geography_name,
        system_code,
        valid_from,
        valid_to
    from {{ ref('int_organisation') }}
    where organisation_type = 'practice'

),

current_boundary as (

    select distinct
        current_boundary.geography_type,
        geography.geography_code,
        geography.geography_name || ' (current boundaries)' as geography_name,
        geography.system_code,
        cast('1900-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_to
    from {{ ref('int_current_boundary') }} as current_boundary
    inner join geography
        on
            current_boundary.geography_type = geography.geography_type || '_current'
            and current_boundary.geography_code = geography.geography_code

),

listed as (

    select geography_type, geography_code, geography_name, system_code, valid_from, valid_to from geography
    union all
    select * from current_boundary
    union all
    select practice.*
    from practice
    left join geography
        on
            practice.geography_type = geography.geography_type
            and practice.geography_code = geography.geography_code
    where geography.geography_code is null

)

select
    listed.geography_type,
    listed.geography_code,
    system_month.period_end,
    listed.geography_name,
    listed.system_code
from listed
inner join system_month
    on
        listed.system_code = system_month.system_code
        and {{ valid_on('listed', 'system_month.period_end') }}
