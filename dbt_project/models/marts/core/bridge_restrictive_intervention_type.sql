with intervention as (

    select * from {{ ref('int_restrictive_intervention') }}

),

incident as (

    select intervention_key, period_end from {{ ref('fct_restrictive_intervention') }}

)

select
    {{ joined_key(['intervention.intervention_key', "coalesce(intervention.restraint_type_code, '')"]) }}
        as intervention_type_key,
    intervention.intervention_key,
    intervention.restraint_type_code,
    intervention.restraint_type,
    intervention.restraint_group
from intervention
inner join incident
    on
        intervention.intervention_key = incident.intervention_key
        and intervention.period_end = incident.period_end
