with mhs201_care_contact as (

    select * from {{ source('lake', 'mhs201_care_contact') }}

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
    mhs201_care_contact._file_id as file_id,
    mhs201_care_contact._row_number as source_row_number,
    mhs201_care_contact.care_contact_id_token,
    mhs201_care_contact.service_request_id_token,
    mhs201_care_contact.care_cont_date,
    mhs201_care_contact.cons_mechanism_mh,
    mhs201_care_contact.attend_status,
    attended_code_list.standard_code as attended_code,
    in_person_code_list.standard_code as in_person_code
from mhs201_care_contact
inner join submission
    on mhs201_care_contact._file_id = submission.file_id
left join code_list as attended_code_list
    on
        attended_code_list.code_list = 'attended'
        and {{ code_key('mhs201_care_contact.attend_status') }} = attended_code_list.code_key
        and {{ valid_on('attended_code_list', 'submission.period_end') }}
left join code_list as in_person_code_list
    on
        in_person_code_list.code_list = 'contact_in_person'
        and {{ code_key('mhs201_care_contact.cons_mechanism_mh') }} = in_person_code_list.code_key
        and {{ valid_on('in_person_code_list', 'submission.period_end') }}
