with entry_row as (

    select * from {{ source('lake', 'dsr') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'dsr'

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
    entry_row._file_id as file_id,
    entry_row._row_number as source_row_number,
    entry_row.register_id_token,
    entry_row.person_token,
    entry_row.person_token_source,
    entry_row.birth_month,
    coalesce(sex_code.label, '{{ var("unknown") }}') as sex,
    coalesce(ethnic_code.group_name, '{{ var("ethnicity_unknown") }}') as ethnicity_group,
    entry_row.postcode_lsoa_code as lsoa_code,
    coalesce(lsoa.deprivation_quintile, '{{ var("unknown") }}') as deprivation_quintile,
    coalesce(council_code.standard_code, '{{ var("unknown") }}') as place_code,
    coalesce(rating_code.label, '{{ var("unknown") }}') as dsr_rating,
    coalesce(rating_code.group_name, '{{ var("unknown") }}') as dsr_rating_group,
    entry_row.date_added,
    entry_row.last_review_date,
    consent_code.standard_code = 'Y' as has_consent,
    coalesce(route_code.label, '{{ var("unknown") }}') as referral_route,
    coalesce(route_code.standard_code = 'self', false) as is_self_referral,
    coalesce(keyworker_code.standard_code = 'Y', false) as has_keyworker,
    entry_row.last_cetr_date,
    entry_row.next_cetr_date,
    entry_row.last_admission_date,
    entry_row.last_discharge_date,
    entry_row.date_removed
from entry_row
inner join submission
    on entry_row._file_id = submission.file_id
left join lsoa
    on entry_row.postcode_lsoa_code = lsoa.lsoa_code
{{ join_code_lists('entry_row', [
    ('sex', 'sex', 'sex_code'),
    ('ethnic_category', 'ethnic_category', 'ethnic_code'),
    ('council', 'responsible_council', 'council_code'),
    ('dsr_rating', 'rating', 'rating_code'),
    ('yes_no', 'consent', 'consent_code'),
    ('dsr_referral_route', 'referral_route', 'route_code'),
    ('yes_no', 'keyworker_allocated', 'keyworker_code'),
]) }}
