{{ config(materialized='table') }}

with register_row as (

    select * from {{ source('lake', 'gp_ld_register') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'gp_ld_register'

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
    register_row._file_id as file_id,
    register_row._row_number as source_row_number,
    register_row.person_token,
    register_row.person_token_source,
    register_row.birth_month,
    coalesce(sex_code.label, '{{ var("unknown") }}') as sex,
    coalesce(ethnic_code.group_name, '{{ var("ethnicity_unknown") }}') as ethnicity_group,
    coalesce(register_row.lsoa_code, register_row.postcode_lsoa_code) as lsoa_code,
    coalesce(lsoa.deprivation_quintile, '{{ var("unknown") }}') as deprivation_quintile,
    register_row.practice_code,
    register_row.register_date,
    register_row.removal_date,
    register_row.autism_diagnosis_date,
    register_row.ahc_date,
    register_row.ahc_declined_date,
    register_row.hap_date,
    coalesce(adjustment_code.standard_code = 'Y', false) as has_reasonable_adjustment,
    register_row.deceased_date
from register_row
inner join submission
    on register_row._file_id = submission.file_id
left join lsoa
    on coalesce(register_row.lsoa_code, register_row.postcode_lsoa_code) = lsoa.lsoa_code
{{ join_code_lists('register_row', [
    ('sex', 'sex', 'sex_code'),
    ('ethnic_category', 'ethnic_category', 'ethnic_code'),
    ('yes_no', 'reasonable_adjustment_flag', 'adjustment_code'),
]) }}
