with review_row as (

    select * from {{ source('lake', 'leder') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'leder'

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
    review_row._file_id as file_id,
    review_row._row_number as source_row_number,
    review_row.review_id_token,
    review_row.person_token,
    review_row.person_token_source,
    coalesce(sex_code.label, '{{ var("unknown") }}') as sex,
    coalesce(ethnic_code.group_name, '{{ var("ethnicity_unknown") }}') as ethnicity_group,
    review_row.postcode_lsoa_code as lsoa_code,
    coalesce(lsoa.deprivation_quintile, '{{ var("unknown") }}') as deprivation_quintile,
    coalesce(council_code.standard_code, '{{ var("unknown") }}') as place_code,
    review_row.notification_date,
    review_row.death_date,
    review_row.age_at_death,
    coalesce(review_code.standard_code, '{{ var("unknown") }}') as review_type,
    reason_code.label as focused_reason,
    coalesce(status_code.label, '{{ var("unknown") }}') as review_status,
    review_row.on_hold_start_date,
    review_row.on_hold_end_date,
    hold_code.label as on_hold_reason,
    review_row.completion_date,
    coalesce(cause_code.label, '{{ var("unknown") }}') as cause_group,
    avoidable_code.standard_code = 'Y' as is_avoidable,
    review_row.quality_of_care_grade,
    restriction_code.standard_code = 'Y' as was_restricted
from review_row
inner join submission
    on review_row._file_id = submission.file_id
left join lsoa
    on review_row.postcode_lsoa_code = lsoa.lsoa_code
{{ join_code_lists('review_row', [
    ('sex', 'sex', 'sex_code'),
    ('ethnic_category', 'ethnic_category', 'ethnic_code'),
    ('council', 'responsible_council', 'council_code'),
    ('leder_review_type', 'review_type', 'review_code'),
    ('leder_focused_reason', 'focused_reason', 'reason_code'),
    ('leder_status', 'status', 'status_code'),
    ('leder_hold_reason', 'on_hold_reason', 'hold_code'),
    ('leder_cause_group', 'cause_group', 'cause_code'),
    ('yes_no', 'avoidable', 'avoidable_code'),
    ('yes_no', 'restriction_flag', 'restriction_code'),
]) }}
