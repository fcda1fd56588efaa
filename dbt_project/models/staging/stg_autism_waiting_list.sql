with referral_row as (

    select * from {{ source('lake', 'autism_waiting_list') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'autism_waiting_list'

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
    referral_row._file_id as file_id,
    referral_row._row_number as source_row_number,
    referral_row.referral_id_token,
    referral_row.person_token,
    referral_row.person_token_source,
    referral_row.birth_month,
    coalesce(sex_code.label, '{{ var("unknown") }}') as sex,
    coalesce(ethnic_code.group_name, '{{ var("ethnicity_unknown") }}') as ethnicity_group,
    referral_row.postcode_lsoa_code as lsoa_code,
    coalesce(lsoa.deprivation_quintile, '{{ var("unknown") }}') as deprivation_quintile,
    coalesce(council_code.standard_code, '{{ var("unknown") }}') as place_code,
    referral_row.referral_received_date,
    source_code.label as referral_source,
    referral_row.first_contact_date,
    referral_row.closed_date,
    reason_code.label as close_reason,
    referral_row.gp_practice_code
from referral_row
inner join submission
    on referral_row._file_id = submission.file_id
left join lsoa
    on referral_row.postcode_lsoa_code = lsoa.lsoa_code
{{ join_code_lists('referral_row', [
    ('sex', 'sex', 'sex_code'),
    ('ethnic_category', 'ethnic_category', 'ethnic_code'),
    ('council', 'responsible_council', 'council_code'),
    ('autism_referral_source', 'referral_source', 'source_code'),
    ('autism_close_reason', 'close_reason', 'reason_code'),
]) }}
