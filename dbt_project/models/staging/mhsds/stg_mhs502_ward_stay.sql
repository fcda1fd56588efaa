with mhs502_ward_stay as (

    select * from {{ source('lake', 'mhs502_ward_stay') }}

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
    mhs502_ward_stay._file_id as file_id,
    mhs502_ward_stay._row_number as source_row_number,
    mhs502_ward_stay.ward_stay_id_token,
    mhs502_ward_stay.hosp_prov_spell_id_token,
    mhs502_ward_stay.ward_code,
    mhs502_ward_stay.start_date_ward_stay,
    mhs502_ward_stay.end_date_ward_stay,
    mhs502_ward_stay.ward_type,
    mhs502_ward_stay.ward_sec_level,
    mhs502_ward_stay.ward_intended_clin_care_mh,
    ward_type_group_list.group_name as ward_type_group,
    lda_intended_care_code_list.standard_code as lda_intended_care_code
from mhs502_ward_stay
inner join submission
    on mhs502_ward_stay._file_id = submission.file_id
left join code_list as ward_type_group_list
    on
        ward_type_group_list.code_list = 'mhsds_ward_type'
        and {{ code_key('mhs502_ward_stay.ward_type') }} = ward_type_group_list.code_key
        and {{ valid_on('ward_type_group_list', 'submission.period_end') }}
left join code_list as lda_intended_care_code_list
    on
        lda_intended_care_code_list.code_list = 'lda_intended_care'
        and {{ code_key('mhs502_ward_stay.ward_intended_clin_care_mh') }} = lda_intended_care_code_list.code_key
        and {{ valid_on('lda_intended_care_code_list', 'submission.period_end') }}
