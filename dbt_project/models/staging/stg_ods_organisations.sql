with ods_organisations as (

    select * from {{ source('lake', 'ods_organisations') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'ods_organisations'

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as release_period_end,
    ods_organisations._file_id as file_id,
    ods_organisations._row_number as source_row_number,
    ods_organisations.organisation_code,
    ods_organisations.organisation_name,
    ods_organisations.open_date,
    ods_organisations.close_date,
    ods_organisations.status_code,
    ods_organisations.commissioner_code,
    ods_organisations.prescribing_setting
from ods_organisations
inner join submission
    on ods_organisations._file_id = submission.file_id
