with intervention as (

    select * from {{ ref('int_restrictive_intervention') }}

),

ranked as (

    select
        intervention.*,
        count(intervention.restraint_type_code)
            over (partition by intervention.intervention_key, intervention.period_end)
            as restraint_types,
        row_number() over (
            partition by intervention.intervention_key
            order by intervention.period_end desc, intervention.restraint_type_code asc
        ) as preference
    from intervention

),

organisation as (

    select organisation_key, organisation_code from {{ ref('dim_organisation') }}

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    ranked.intervention_key,
    ranked.person_key,
    ranked.trust_spell_key,
    coalesce(organisation.organisation_key, '-1') as organisation_key,
    ranked.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    ranked.place_code,
    ranked.age,
    ranked.start_date,
    ranked.end_date,
    cast(ranked.restraint_types as bigint) as restraint_types,
    ranked.period_end
from ranked
left join organisation
    on ranked.partner_code = organisation.organisation_code
left join place
    on ranked.place_code = place.geography_code
where ranked.preference = 1
