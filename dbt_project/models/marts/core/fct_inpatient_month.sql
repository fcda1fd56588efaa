with inpatient_month as (

    select * from {{ ref('int_inpatient_month') }}

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    {{ joined_key(['inpatient_month.system_code', 'inpatient_month.person_key', 'inpatient_month.period_end']) }}
        as inpatient_month_key,
    inpatient_month.period_end,
    inpatient_month.person_key,
    {{ joined_key(['inpatient_month.system_code', 'inpatient_month.person_key', 'inpatient_month.admission_date']) }}
        as spell_key,
    inpatient_month.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    inpatient_month.place_code,
    inpatient_month.age,
    inpatient_month.age_band,
    inpatient_month.sex,
    inpatient_month.ethnicity_group,
    inpatient_month.deprivation_quintile,
    inpatient_month.commissioner_code,
    inpatient_month.commissioner_type,
    inpatient_month.provider_site_code,
    inpatient_month.ward_security,
    inpatient_month.legal_status_group,
    inpatient_month.diagnosis_group,
    inpatient_month.admission_date,
    inpatient_month.first_admission_date,
    cast(
        {{ days_between('inpatient_month.first_admission_date', 'inpatient_month.period_end') }} as bigint
    ) as days_in_hospital,
    inpatient_month.clinically_ready_date,
    inpatient_month.delay_reason_code,
    inpatient_month.planned_discharge_date,
    inpatient_month.last_cetr_date,
    inpatient_month.next_cetr_date,
    inpatient_month.last_oversight_visit_date,
    inpatient_month.dsr_status_before_admission,
    inpatient_month.is_out_of_area,
    inpatient_month.distance_km,
    inpatient_month.has_eating_disorder,
    inpatient_month.discharge_plan_items_done,
    inpatient_month.daily_cost,
    inpatient_month.submission_period_end
from inpatient_month
left join place
    on inpatient_month.place_code = place.geography_code
