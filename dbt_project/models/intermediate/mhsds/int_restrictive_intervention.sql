-- Incidents that began in the month of the submission, of people of the cohort, with the kinds of restriction used. An
-- incident told of without a kind has one row of unknown kind, so that it is not lost.
with incident as (

    select * from {{ ref('stg_mhs505_restrictive_intervent_inc') }}
    where
        start_date_restrictive_int_inc
        between {{ month_start('submission_period_end') }} and submission_period_end

),

intervention_type as (

    select distinct
        file_id,
        restrictive_int_inc_id_token,
        restrictive_int_type,
        restrictive_intervention_type,
        restrictive_intervention_group
    from {{ ref('stg_mhs515_restrictive_intervent_type') }}

),

spell_month as (

    select * from {{ ref('int_trust_spell_month') }} where qualifying_tables is not null

)

select
    spell_month.period_end,
    spell_month.system_code,
    spell_month.partner_code,
    {{ joined_key(['incident.system_code', 'incident.partner_code', 'incident.restrictive_int_inc_id_token']) }}
        as intervention_key,
    {{ joined_key(['spell_month.system_code', 'spell_month.partner_code', 'spell_month.hosp_prov_spell_id_token']) }}
        as trust_spell_key,
    spell_month.person_key,
    spell_month.age,
    spell_month.sex,
    spell_month.age_band,
    spell_month.ethnicity_group,
    spell_month.deprivation_quintile,
    spell_month.place_code,
    incident.start_date_restrictive_int_inc as start_date,
    incident.end_date_restrictive_int_inc as end_date,
    intervention_type.restrictive_int_type as restraint_type_code,
    coalesce(intervention_type.restrictive_intervention_type, '{{ var("unknown") }}') as restraint_type,
    coalesce(intervention_type.restrictive_intervention_group, '{{ var("unknown") }}') as restraint_group
from incident
inner join spell_month
    on
        incident.submission_period_end = spell_month.period_end
        and incident.system_code = spell_month.system_code
        and incident.partner_code = spell_month.partner_code
        and incident.hosp_prov_spell_id_token = spell_month.hosp_prov_spell_id_token
left join intervention_type
    on
        incident.file_id = intervention_type.file_id
        and incident.restrictive_int_inc_id_token = intervention_type.restrictive_int_inc_id_token
