with organisation as (

    select
        known.*,
        row_number() over (
            partition by known.organisation_code
            order by known.valid_from desc
        ) as recency
    from {{ ref('int_organisation') }} as known
    inner join {{ ref('stg_system') }} as system
        on known.system_code = system.system_code

),

partner as (

    select * from {{ ref('stg_partner') }}

)

select
    coalesce(organisation.organisation_code, partner.partner_code) as organisation_key,
    coalesce(organisation.organisation_code, partner.partner_code) as organisation_code,
    coalesce(organisation.organisation_name, partner.partner_name) as organisation_name,
    coalesce(organisation.organisation_type, partner.partner_type) as organisation_type,
    coalesce(organisation.system_code, partner.system_code) as system_code,
    organisation.supplier,
    partner.partner_code is not null as is_partner,
    organisation.valid_from,
    organisation.valid_to
from (select * from organisation where recency = 1) as organisation
full outer join partner
    on organisation.organisation_code = partner.partner_code

union all

select
    '-1' as organisation_key,
    '-1' as organisation_code,
    '{{ var("unknown") }}' as organisation_name,
    '{{ var("unknown") }}' as organisation_type,
    '{{ var("unknown") }}' as system_code,
    cast(null as {{ dbt.type_string() }}) as supplier,
    false as is_partner,
    cast(null as date) as valid_from,
    cast(null as date) as valid_to
