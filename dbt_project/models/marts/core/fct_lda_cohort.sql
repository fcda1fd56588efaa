with cohort as (

    select * from {{ ref('int_lda_cohort') }}

),

patient as (

    select * from {{ ref('int_trust_patient_month') }}

),

organisation as (

    select organisation_key, organisation_code from {{ ref('dim_organisation') }}

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

),

ranked as (

    select
        patient.*,
        cohort.qualifying_tables,
        row_number() over (
            partition by patient.period_end, patient.system_code, patient.partner_code, patient.person_key
            order by cohort.qualifying_tables desc, patient.local_patient_id_token asc
        ) as preference
    from cohort
    inner join patient
        on
            cohort.period_end = patient.period_end
            and cohort.system_code = patient.system_code
            and cohort.partner_code = patient.partner_code
            and cohort.local_patient_id_token = patient.local_patient_id_token

)

select
    {{ joined_key(['ranked.system_code', 'ranked.partner_code', 'ranked.person_key', 'ranked.period_end']) }}
        as cohort_key,
    ranked.period_end,
    ranked.person_key,
    coalesce(organisation.organisation_key, '-1') as organisation_key,
    ranked.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    ranked.place_code,
    ranked.age,
    ranked.qualifying_tables,
    {% for table, column in [
        ('MHS007', 'is_by_disability'), ('MHS102', 'is_by_team'), ('MHS401', 'is_by_mental_category'),
        ('MHS502', 'is_by_ward'), ('MHS604', 'is_by_primary_diagnosis'), ('MHS605', 'is_by_secondary_diagnosis')
    ] -%}
    ranked.qualifying_tables like '%{{ table }}%' as {{ column }}{% if not loop.last %},{% endif %}
    {% endfor %}
from ranked
left join organisation
    on ranked.partner_code = organisation.organisation_code
left join place
    on ranked.place_code = place.geography_code
where ranked.preference = 1
