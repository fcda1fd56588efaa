-- Areas that belong to a partner of a type that places belong to (an ICB), month by month: by links of their own, else
-- with their place; the area of the partner itself; and on current boundaries those of its practices.
with partner as (

    select * from {{ ref('stg_partner') }}

),

geography_link as (

    select * from {{ ref('stg_geography_link') }}

),

geography_month as (

    select * from {{ ref('int_geography_month') }}

),

system_month as (

    select * from {{ ref('int_system_month') }}

),

current_boundary as (

    select * from {{ ref('int_current_boundary') }}

),

holding_type as (

    select distinct parent_type from geography_link where child_type = 'place'

),

-- ICBs: partners of a type that places belong to.
holder as (

    select
        partner.partner_code,
        partner.partner_type,
        partner.system_code
    from partner
    inner join holding_type
        on partner.partner_type = holding_type.parent_type

),

held as (

    select
        holder.partner_code,
        holder.partner_type,
        holder.system_code,
        system_month.period_end,
        geography_link.child_type as geography_type,
        geography_link.child_code as geography_code
    from holder
    inner join geography_link
        on
            holder.partner_type = geography_link.parent_type
            and holder.partner_code = geography_link.parent_code
    inner join system_month
        on
            holder.system_code = system_month.system_code
            and {{ valid_on('geography_link', 'system_month.period_end') }}

),

-- Types of area that belong to an ICB by links of their own; others (networks, neighbourhoods) go with their place.
held_type as (

    select distinct parent_type, child_type from geography_link

),

held_area as (

    select
        partner_code,
        system_code,
        period_end,
        geography_type,
        geography_code
    from held
    union
    select
        held.partner_code,
        held.system_code,
        held.period_end,
        inner_link.child_type as geography_type,
        inner_link.child_code as geography_code
    from held
    inner join geography_link as inner_link
        on
            held.geography_type = inner_link.parent_type
            and held.geography_code = inner_link.parent_code
            and held.geography_type = 'place'
            and {{ valid_on('inner_link', 'held.period_end') }}
    left join held_type
        on
            held.partner_type = held_type.parent_type
            and inner_link.child_type = held_type.child_type
    where held_type.child_type is null
    union
    select
        held.partner_code,
        held.system_code,
        held.period_end,
        current_boundary.geography_type,
        current_boundary.geography_code
    from held
    inner join current_boundary
        on
            held.geography_type = 'practice'
            and held.geography_code = current_boundary.practice_code
    union
    select
        holder.partner_code,
        holder.system_code,
        geography_month.period_end,
        geography_month.geography_type,
        geography_month.geography_code
    from holder
    inner join geography_month
        on
            holder.system_code = geography_month.system_code
            and holder.partner_type = geography_month.geography_type
            and holder.partner_code = geography_month.geography_code

)

select held_area.*
from held_area
inner join geography_month
    on
        held_area.system_code = geography_month.system_code
        and held_area.period_end = geography_month.period_end
        and held_area.geography_type = geography_month.geography_type
        and held_area.geography_code = geography_month.geography_code
