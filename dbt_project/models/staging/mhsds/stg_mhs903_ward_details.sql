with mhs903_ward_details as (

    select * from {{ source('lake', 'mhs903_ward_details') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'mhsds'

),

code_list as (

    select * from {{ ref('stg_code_list') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    mhs903_ward_details._file_id as file_id,
    mhs903_ward_details._row_number as source_row_number,
    mhs903_ward_details.ward_code,
    mhs903_ward_details.site_id_of_ward,
    mhs903_ward_details.ward_intended_clin_care_mh,
    mhs903_ward_details.ward_age,
    mhs903_ward_details.ward_type,
    mhs903_ward_details.ward_sec_level,
    ward_type_group_list.group_name as ward_type_group,
    lda_intended_care_code_list.standard_code as lda_intended_care_code
from mhs903_ward_details
inner join submission
    on mhs903_ward_details._file_id = submission.file_id
left join code_list as ward_type_group_list
    on
        ward_type_group_list.code_list = 'mhsds_ward_type'
        and {{ code_key('mhs903_ward_details.ward_type') }} = ward_type_group_list.code_key
        and {{ valid_on('ward_type_group_list', 'submission.period_end') }}
left join code_list as lda_intended_care_code_list
    on
        lda_intended_care_code_list.code_list = 'lda_intended_care'
        and {{ code_key('mhs903_ward_details.ward_intended_clin_care_mh') }} = lda_intended_care_code_list.code_key
        and {{ valid_on('lda_intended_care_code_list', 'submission.period_end') }}
