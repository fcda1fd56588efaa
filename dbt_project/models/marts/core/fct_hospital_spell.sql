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

organisation as (

    select organisation_key, organisation_code from {{ ref('dim_organisation') }}

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    ranked.system_code || ':' || ranked.person_key || ':' || cast(ranked.admission_date as {{ dbt.type_string() }})
        as spell_key,
    ranked.person_key,
    coalesce(organisation.organisation_key, '-1') as organisation_key,
    ranked.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    ranked.place_code,
    ranked.provider_site_code,
    ranked.commissioner_code,
    ranked.commissioner_type,
    ranked.ward_security,
    ranked.legal_status_code,
    ranked.legal_status_group,
    ranked.diagnosis_group,
    ranked.admission_date,
    ranked.first_admission_date,
    ranked.clinically_ready_date,
    ranked.delay_reason_code,
    ranked.planned_discharge_date,
    ranked.discharge_date,
    ranked.discharge_destination,
    cast({{ days_between('ranked.admission_date', 'ranked.discharge_date') }} as bigint) as length_of_stay_days,
    ranked.dsr_status_before_admission,
    ranked.is_out_of_area,
    ranked.distance_km,
    ranked.has_eating_disorder,
    ranked.submission_period_end as last_reported_period_end
from ranked
left join organisation
    on ranked.partner_code = organisation.organisation_code
left join place
    on ranked.place_code = place.geography_code
where ranked.preference = 1
