-- Which areas a partner's data speaks for. A practice or council speaks for itself, the areas it is linked to and its
-- system. A partner of a type that places belong to (an ICB) speaks for the areas that belong to it that month, and
-- with its fellows for those that belong to none of them: the system, people whose place is not known. Any other (a
-- trust) speaks for every area of its system.
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

held_area as (

    select * from {{ ref('int_held_geography_month') }}

),

linked_type as (

    select distinct child_type as partner_type from geography_link where parent_type = 'place'

),

placed as (

    select distinct child_type from geography_link where parent_type = 'neighbourhood'

),

linked as (

    select
        partner.partner_code,
        partner.system_code,
        system_month.period_end,
        geography_link.parent_type as geography_type,
        geography_link.parent_code as geography_code
    from partner
    inner join linked_type
        on partner.partner_type = linked_type.partner_type
    inner join geography_link
        on
            partner.partner_type = geography_link.child_type
            and partner.partner_code = geography_link.child_code
    inner join system_month
        on
            partner.system_code = system_month.system_code
            and {{ valid_on('geography_link', 'system_month.period_end') }}

),

itself_and_system as (

    select
        partner.partner_code,
        partner.system_code,
        geography_month.period_end,
        geography_month.geography_type,
        geography_month.geography_code
    from partner
    inner join linked_type
        on partner.partner_type = linked_type.partner_type
    inner join geography_month
        on
            partner.system_code = geography_month.system_code
            and (
                geography_month.geography_type = 'system'
                or (
                    partner.partner_type = geography_month.geography_type
                    and partner.partner_code = geography_month.geography_code
                )
            )

),

-- A council speaks for the neighbourhoods of its place.
within as (

    select
        linked.partner_code,
        linked.system_code,
        linked.period_end,
        inner_link.child_type as geography_type,
        inner_link.child_code as geography_code
    from linked
    inner join partner
        on
            linked.partner_code = partner.partner_code
            and linked.system_code = partner.system_code
    inner join geography_link as inner_link
        on
            linked.geography_type = inner_link.parent_type
            and linked.geography_code = inner_link.parent_code
            and inner_link.child_type = 'neighbourhood'
            and {{ valid_on('inner_link', 'linked.period_end') }}
    left join placed
        on partner.partner_type = placed.child_type
    where placed.child_type is null

),

on_current_boundaries as (

    select
        partner.partner_code,
        partner.system_code,
        system_month.period_end,
        current_boundary.geography_type,
        current_boundary.geography_code
    from partner
    inner join {{ ref('int_current_boundary') }} as current_boundary
        on
            partner.partner_type = 'practice'
            and partner.partner_code = current_boundary.practice_code
    inner join system_month
        on partner.system_code = system_month.system_code

),

-- Types that places belong to: ICBs.
holding_type as (

    select distinct parent_type from geography_link where child_type = 'place'

),

whole_system as (

    select
        partner.partner_code,
        partner.system_code,
        geography_month.period_end,
        geography_month.geography_type,
        geography_month.geography_code
    from partner
    left join linked_type
        on partner.partner_type = linked_type.partner_type
    left join holding_type
        on partner.partner_type = holding_type.parent_type
    inner join geography_month
        on partner.system_code = geography_month.system_code
    left join held_area
        on
            geography_month.system_code = held_area.system_code
            and geography_month.period_end = held_area.period_end
            and geography_month.geography_type = held_area.geography_type
            and geography_month.geography_code = held_area.geography_code
    where
        linked_type.partner_type is null
        and (holding_type.parent_type is null or held_area.partner_code is null)

)

select * from linked
union
select * from within
union
select * from on_current_boundaries
union
select * from itself_and_system
union
select * from held_area
union
select * from whole_system
