-- People of the cohort, each once: who somebody is comes from their latest spell, what happened from all of them.
with spell as (

    select * from {{ ref('int_trust_spell_month') }} where qualifying_tables is not null

),

ranked as (

    select
        spell.*,
        max(case when spell.is_open then 1 else 0 end) over person = 1 as is_in_hospital,
        sum(spell.bed_days) over person as person_bed_days,
        sum(spell.interventions) over person as person_interventions,
        row_number() over (
            partition by spell.period_end, spell.system_code, spell.person_key
            order by
                case when spell.is_open then 0 else 1 end,
                spell.start_date desc,
                spell.hosp_prov_spell_id_token asc
        ) as preference
    from spell
    window person as (partition by spell.period_end, spell.system_code, spell.person_key)

)

select
    period_end,
    person_key,
    system_code,
    partner_code,
    age,
    sex,
    age_band,
    ethnicity_group,
    deprivation_quintile,
    place_code,
    qualifying_tables,
    is_in_hospital,
    case when is_respite then 'Respite' else 'Not respite' end as respite,
    cast(person_bed_days as bigint) as bed_days,
    cast(person_interventions as bigint) as interventions
from ranked
where preference = 1
