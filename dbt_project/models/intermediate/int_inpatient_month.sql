with census_row as (

    select * from {{ ref('stg_inpatient_census') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'inpatient_census'

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

value_band as (

    select * from {{ ref('stg_value_band') }}

),

in_hospital as (

    select
        effective_submission.period_end,
        person_link.person_key,
        census_row.*,
        {{ age_in_years('census_row.birth_month', 'effective_submission.period_end') }} as age,
        {{ days_between('census_row.first_admission_date', 'effective_submission.period_end') }} as days_in_hospital,
        row_number() over (
            partition by effective_submission.period_end, effective_submission.system_code, person_link.person_key
            order by census_row.admission_date desc, census_row.source_row_number asc, census_row.file_id asc
        ) as preference
    from census_row
    inner join effective_submission
        on census_row.file_id = effective_submission.file_id
    inner join person_link
        on census_row.person_token = person_link.person_token
    -- Someone discharged on the month end is not in hospital at its close.
    where
        census_row.admission_date <= effective_submission.period_end
        and (census_row.discharge_date is null or census_row.discharge_date > effective_submission.period_end)

)

select
    in_hospital.period_end,
    in_hospital.person_key,
    in_hospital.system_code,
    in_hospital.place_code,
    in_hospital.age,
    in_hospital.sex,
    coalesce(age_band.age_band, '{{ var("unknown") }}') as age_band,
    in_hospital.ethnicity_group,
    in_hospital.deprivation_quintile,
    in_hospital.commissioner_code,
    in_hospital.commissioner_type_code,
    in_hospital.commissioner_type,
    in_hospital.provider_site_code,
    in_hospital.ward_security,
    in_hospital.legal_status_code,
    in_hospital.legal_status_group,
    in_hospital.diagnosis_group,
    in_hospital.admission_date,
    in_hospital.first_admission_date,
    in_hospital.days_in_hospital,
    coalesce(stay_band.band, '{{ var("unknown") }}') as length_of_stay_band,
    in_hospital.planned_discharge_date,
    in_hospital.clinically_ready_date,
    in_hospital.delay_reason_code,
    in_hospital.last_cetr_date,
    in_hospital.next_cetr_date,
    in_hospital.last_oversight_visit_date,
    in_hospital.dsr_status_before_admission,
    in_hospital.is_out_of_area,
    in_hospital.distance_km,
    coalesce(distance_band.band, '{{ var("unknown") }}') as distance_band,
    in_hospital.has_eating_disorder,
    in_hospital.discharge_plan_items_done,
    in_hospital.daily_cost,
    in_hospital.submission_period_end,
    in_hospital.file_id,
    in_hospital.source_row_number
from in_hospital
left join age_band
    on in_hospital.age between age_band.age_from and age_band.age_to
left join value_band as stay_band
    on
        stay_band.band_type = 'length_of_stay_band'
        and in_hospital.days_in_hospital between stay_band.value_from and stay_band.value_to
-- A distance counts in whole kilometres, to the nearest.
left join value_band as distance_band
    on
        distance_band.band_type = 'distance_band'
        and floor(in_hospital.distance_km + 0.5) between distance_band.value_from and distance_band.value_to
where in_hospital.preference = 1
