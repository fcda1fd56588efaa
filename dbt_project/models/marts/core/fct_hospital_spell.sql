-- The census and a trust may tell of the same time in hospital. The census is believed; a trust's spell stands on its
-- own only when the census has no spell of that person at that time, so nobody is in hospital twice.
with census_row as (

    select * from {{ ref('stg_inpatient_census') }}

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

ranked as (

    select
        person_link.person_key,
        census_row.*,
        row_number() over (
            partition by census_row.system_code, person_link.person_key, census_row.admission_date
            order by census_row.submission_period_end desc, census_row.source_row_number asc, census_row.file_id asc
        ) as preference
    from census_row
    inner join person_link
        on census_row.person_token = person_link.person_token

),

census_spell as (

    select
        ranked.*,
        {{ joined_key(['ranked.system_code', 'ranked.person_key', 'ranked.admission_date']) }} as spell_key
    from ranked
    where ranked.preference = 1

),

trust_spell as (

    select * from {{ ref('int_trust_spell') }}

),

-- The same time: one begins before the other ends. A spell of a day meets one that begins on it.
told_by_both as (

    select
        census_spell.spell_key,
        trust_spell.trust_spell_key,
        trust_spell.qualifying_tables,
        trust_spell.is_respite,
        row_number() over (
            partition by census_spell.spell_key order by trust_spell.start_date desc, trust_spell.trust_spell_key asc
        ) as preference
    from census_spell
    inner join trust_spell
        on
            census_spell.system_code = trust_spell.system_code
            and census_spell.person_key = trust_spell.person_key
            and (
                census_spell.admission_date = trust_spell.start_date
                or (
                    census_spell.admission_date < coalesce(trust_spell.discharge_date, {{ far_future() }})
                    and trust_spell.start_date < coalesce(census_spell.discharge_date, {{ far_future() }})
                )
            )

),

told as (

    select
        census_spell.spell_key,
        census_spell.person_key,
        census_spell.system_code,
        census_spell.partner_code,
        census_spell.place_code,
        'inpatient_census' as source,
        told_by_both.spell_key is not null as is_in_trust_submission,
        told_by_both.qualifying_tables,
        told_by_both.is_respite,
        census_spell.provider_site_code,
        census_spell.commissioner_code,
        census_spell.commissioner_type,
        census_spell.ward_security,
        census_spell.legal_status_code,
        census_spell.legal_status_group,
        census_spell.diagnosis_group,
        census_spell.admission_date,
        census_spell.first_admission_date,
        census_spell.clinically_ready_date,
        census_spell.delay_reason_code,
        census_spell.planned_discharge_date,
        census_spell.discharge_date,
        census_spell.discharge_destination,
        census_spell.dsr_status_before_admission,
        census_spell.is_out_of_area,
        census_spell.distance_km,
        census_spell.has_eating_disorder,
        census_spell.submission_period_end
    from census_spell
    left join told_by_both
        on
            census_spell.spell_key = told_by_both.spell_key
            and told_by_both.preference = 1

    union all

    select
        trust_spell.trust_spell_key as spell_key,
        trust_spell.person_key,
        trust_spell.system_code,
        trust_spell.partner_code,
        trust_spell.place_code,
        'mhsds' as source,
        true as is_in_trust_submission,
        trust_spell.qualifying_tables,
        trust_spell.is_respite,
        cast(null as {{ dbt.type_string() }}) as provider_site_code,
        cast(null as {{ dbt.type_string() }}) as commissioner_code,
        '{{ var("unknown") }}' as commissioner_type,
        '{{ var("unknown") }}' as ward_security,
        cast(null as {{ dbt.type_string() }}) as legal_status_code,
        '{{ var("unknown") }}' as legal_status_group,
        '{{ var("unknown") }}' as diagnosis_group,
        trust_spell.start_date as admission_date,
        trust_spell.first_start_date as first_admission_date,
        cast(null as date) as clinically_ready_date,
        cast(null as {{ dbt.type_string() }}) as delay_reason_code,
        cast(null as date) as planned_discharge_date,
        trust_spell.discharge_date,
        cast(null as {{ dbt.type_string() }}) as discharge_destination,
        cast(null as {{ dbt.type_string() }}) as dsr_status_before_admission,
        cast(null as boolean) as is_out_of_area,
        cast(null as double) as distance_km,
        cast(null as boolean) as has_eating_disorder,
        trust_spell.last_reported_period_end as submission_period_end
    from trust_spell
    left join told_by_both
        on trust_spell.trust_spell_key = told_by_both.trust_spell_key
    where told_by_both.trust_spell_key is null

),

organisation as (

    select organisation_key, organisation_code from {{ ref('dim_organisation') }}

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    told.spell_key,
    told.person_key,
    coalesce(organisation.organisation_key, '-1') as organisation_key,
    told.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    told.place_code,
    told.source,
    told.is_in_trust_submission,
    told.qualifying_tables,
    told.is_respite,
    told.provider_site_code,
    told.commissioner_code,
    told.commissioner_type,
    told.ward_security,
    told.legal_status_code,
    told.legal_status_group,
    told.diagnosis_group,
    told.admission_date,
    told.first_admission_date,
    told.clinically_ready_date,
    told.delay_reason_code,
    told.planned_discharge_date,
    told.discharge_date,
    told.discharge_destination,
    cast({{ days_between('told.admission_date', 'told.discharge_date') }} as bigint) as length_of_stay_days,
    told.dsr_status_before_admission,
    told.is_out_of_area,
    told.distance_km,
    told.has_eating_disorder,
    told.submission_period_end as last_reported_period_end
from told
left join organisation
    on told.partner_code = organisation.organisation_code
left join place
    on told.place_code = place.geography_code
