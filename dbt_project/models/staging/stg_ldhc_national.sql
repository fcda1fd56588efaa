-- Published figures: nothing in them is about a person, and what the publisher hides stays unknown.
with published_row as (

    select * from {{ source('lake', 'ldhc_national') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'ldhc_national'

),

code_list as (

    select * from {{ ref('stg_code_list') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    published_row._file_id as file_id,
    published_row._row_number as source_row_number,
    published_row.practice_code,
    published_row.sub_icb_loc_code as sub_icb_code,
    published_row.sub_icb_loc_name as sub_icb_name,
    published_row.icb_code,
    published_row.icb_name,
    published_row.comm_region_code as region_code,
    published_row.ach_date as achievement_date,
    indicator_code.standard_code as indicator_code,
    indicator_code.group_name as indicator_group,
    field_code.group_name as field_group,
    published_row.value = '*' as is_hidden,
    case when published_row.value <> '*' then cast(published_row.value as integer) end as people
from published_row
inner join submission
    on published_row._file_id = submission.file_id
{{ join_code_lists('published_row', [
    ('ldhc_indicator', 'ind_code', 'indicator_code'),
    ('ldhc_field', 'measure', 'field_code'),
]) }}
