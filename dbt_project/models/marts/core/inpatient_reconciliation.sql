with reconciled as (

    select * from {{ ref('int_inpatient_reconciliation') }}

),

organisation as (

    select organisation_key, organisation_code from {{ ref('dim_organisation') }}

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    {{ joined_key([
        'reconciled.system_code', "coalesce(organisation.organisation_key, '-1')", "coalesce(reconciled.place_code, '-1')",
        'reconciled.period_end'
    ]) }} as reconciliation_key,
    reconciled.period_end,
    reconciled.system_code,
    coalesce(organisation.organisation_key, '-1') as organisation_key,
    coalesce(place.geography_key, '-1') as place_key,
    reconciled.place_code,
    cast(sum(case when reconciled.known_from = 'Both' then 1 else 0 end) as bigint) as people_in_both,
    cast(sum(case when reconciled.known_from = 'Census only' then 1 else 0 end) as bigint) as people_in_census_only,
    cast(sum(case when reconciled.known_from = 'Trust only' then 1 else 0 end) as bigint) as people_in_trust_only,
    cast(sum(case when reconciled.known_from = 'Trust only' then 0 else 1 end) as bigint) as people_in_census,
    cast(sum(case when reconciled.known_from = 'Census only' then 0 else 1 end) as bigint) as people_in_trust,
    cast(
        sum(
            case reconciled.known_from when 'Trust only' then 1 when 'Census only' then -1 else 0 end
        ) as bigint
    ) as trust_less_census
from reconciled
left join organisation
    on reconciled.partner_code = organisation.organisation_code
left join place
    on reconciled.place_code = place.geography_code
group by
    reconciled.period_end,
    reconciled.system_code,
    coalesce(organisation.organisation_key, '-1'),
    coalesce(place.geography_key, '-1'),
    reconciled.place_code
