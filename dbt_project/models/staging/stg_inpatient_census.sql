with census_row as (

    select * from {{ source('lake', 'inpatient_census') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'inpatient_census'

),

lsoa as (

    select * from {{ ref('stg_lsoa') }}

),

code_list as (

    select * from {{ ref('stg_code_list') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    census_row._file_id as file_id,
    census_row._row_number as source_row_number,
    census_row.person_token,
    census_row.person_token_source,
    census_row.birth_month,
    coalesce(sex_code.label, '{{ var("unknown") }}') as sex,
    coalesce(ethnic_code.group_name, '{{ var("ethnicity_unknown") }}') as ethnicity_group,
    census_row.postcode_lsoa_code as lsoa_code,
    coalesce(lsoa.deprivation_quintile, '{{ var("unknown") }}') as deprivation_quintile,
    coalesce(council_code.standard_code, '{{ var("unknown") }}') as place_code,
    census_row.commissioner_code,
    commissioner_code.standard_code as commissioner_type_code,
    coalesce(commissioner_code.label, '{{ var("unknown") }}') as commissioner_type,
    census_row.provider_site_code,
    coalesce(security_code.label, '{{ var("unknown") }}') as ward_security,
    legal_code.standard_code as legal_status_code,
    coalesce(legal_code.group_name, '{{ var("unknown") }}') as legal_status_group,
    coalesce(diagnosis_code.label, '{{ var("unknown") }}') as diagnosis_group,
    census_row.admission_date,
    census_row.first_admission_date,
    census_row.planned_discharge_date,
    census_row.clinically_ready_date,
    census_row.delay_reason as delay_reason_code,
    census_row.last_cetr_date,
    census_row.next_cetr_date,
    census_row.last_oversight_visit_date,
    coalesce(dsr_code.label, '{{ var("unknown") }}') as dsr_status_before_admission,
    area_code.standard_code = 'Y' as is_out_of_area,
    census_row.distance_km,
    eating_code.standard_code = 'Y' as has_eating_disorder,
    census_row.discharge_plan_items_done,
    census_row.daily_cost,
    census_row.discharge_date,
    destination_code.label as discharge_destination
from census_row
inner join submission
    on census_row._file_id = submission.file_id
left join lsoa
    on census_row.postcode_lsoa_code = lsoa.lsoa_code
{{ join_code_lists('census_row', [
    ('sex', 'sex', 'sex_code'),
    ('ethnic_category', 'ethnic_category', 'ethnic_code'),
    ('council', 'responsible_council', 'council_code'),
    ('commissioner_type', 'commissioner_type', 'commissioner_code'),
    ('ward_security', 'ward_security', 'security_code'),
    ('legal_status', 'legal_status_code', 'legal_code'),
    ('diagnosis_group', 'diagnosis_group', 'diagnosis_code'),
    ('dsr_rag', 'dsr_status_before_admission', 'dsr_code'),
    ('yes_no', 'out_of_area_flag', 'area_code'),
    ('yes_no', 'eating_disorder_flag', 'eating_code'),
    ('discharge_destination', 'discharge_destination', 'destination_code'),
]) }}
