with mhs001_mpi as (

    select * from {{ source('lake', 'mhs001_mpi') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

),

code_list as (

    select * from {{ ref('stg_code_list') }}

),

lsoa as (

    select * from {{ ref('stg_lsoa') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs001_mpi._file_id as file_id,
    mhs001_mpi._row_number as source_row_number,
    mhs001_mpi.person_token,
    mhs001_mpi.person_token_source,
    mhs001_mpi.local_patient_id_token,
    mhs001_mpi.nhs_number_status,
    mhs001_mpi.birth_month,
    mhs001_mpi.postcode_lsoa_code as lsoa_code,
    mhs001_mpi.gender_id_code,
    mhs001_mpi.ethnic_category,
    mhs001_mpi.pers_death_date,
    coalesce(sex_list.label, '{{ var("unknown") }}') as sex,
    coalesce(ethnicity_group_list.group_name, '{{ var("ethnicity_unknown") }}') as ethnicity_group,
    coalesce(lsoa.place_code, '{{ var("unknown") }}') as place_code,
    coalesce(lsoa.deprivation_quintile, '{{ var("unknown") }}') as deprivation_quintile
from mhs001_mpi
inner join submission
    on mhs001_mpi._file_id = submission.file_id
left join code_list as sex_list
    on
        sex_list.code_list = 'sex'
        and {{ code_key('mhs001_mpi.gender_id_code') }} = sex_list.code_key
        and {{ valid_on('sex_list', 'submission.period_end') }}
left join code_list as ethnicity_group_list
    on
        ethnicity_group_list.code_list = 'ethnic_category'
        and {{ code_key('mhs001_mpi.ethnic_category') }} = ethnicity_group_list.code_key
        and {{ valid_on('ethnicity_group_list', 'submission.period_end') }}
left join lsoa
    on mhs001_mpi.postcode_lsoa_code = lsoa.lsoa_code
