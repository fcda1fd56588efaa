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
            partition by person_link.person_key, census_row.admission_date
            order by census_row.submission_period_end desc, census_row.source_row_number asc, census_row.file_id asc
        ) as preference
    from census_row
    inner join person_link
        on census_row.person_token = person_link.person_token

)

select
    person_key || ':' || cast(admission_date as {{ dbt.type_string() }}) as spell_key,
    person_key,
    partner_code as organisation_key,
    system_code,
    place_code,
    provider_site_code,
    commissioner_code,
    commissioner_type,
    ward_security,
    legal_status_code,
    legal_status_group,
    diagnosis_group,
    admission_date,
    first_admission_date,
    clinically_ready_date,
    delay_reason_code,
    planned_discharge_date,
    discharge_date,
    discharge_destination,
    cast({{ days_between('admission_date', 'discharge_date') }} as bigint) as length_of_stay_days,
    dsr_status_before_admission,
    is_out_of_area,
    distance_km,
    has_eating_disorder,
    submission_period_end as last_reported_period_end
from ranked
where preference = 1
