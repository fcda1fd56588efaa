-- Which areas a partner's data speaks for. A practice or council speaks for itself, the areas it is linked to and its
-- system; a partner of a type that is linked to no place (an ICB, a trust) speaks for every area of its system.
with partner as (

    select * from {{ ref('stg_partner') }}

),

geography_link as (

    select * from {{ ref('stg_geography_link') }}

),

geography_month as (

    select * from {{ ref('int_geography_month') }}

),

reporting_month as (

    select * from {{ ref('int_reporting_month') }}

),

linked_type as (

    select distinct child_type as partner_type from geography_link where parent_type = 'place'

),

linked as (

    select
        partner.partner_code,
        partner.system_code,
        reporting_month.period_end,
        geography_link.parent_type as geography_type,
        geography_link.parent_code as geography_code
    from partner
    inner join linked_type
        on partner.partner_type = linked_type.partner_type
    inner join geography_link
        on
            partner.partner_type = geography_link.child_type
            and partner.partner_code = geography_link.child_code
    inner join reporting_month
        on {{ valid_on('geography_link', 'reporting_month.period_end') }}

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
    inner join geography_month
        on partner.system_code = geography_month.system_code
    where linked_type.partner_type is null

)

select * from linked
union
select * from itself_and_system
union
select * from whole_system
