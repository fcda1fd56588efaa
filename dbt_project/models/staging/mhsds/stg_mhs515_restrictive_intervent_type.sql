with mhs515_restrictive_intervent_type as (

    select * from {{ source('lake', 'mhs515_restrictive_intervent_type') }}

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
    mhs515_restrictive_intervent_type._file_id as file_id,
    mhs515_restrictive_intervent_type._row_number as source_row_number,
    mhs515_restrictive_intervent_type.restrictive_int_inc_id_token,
    mhs515_restrictive_intervent_type.restrictive_int_type,
    coalesce(restrictive_intervention_type_list.label, '{{ var("unknown") }}') as restrictive_intervention_type,
    coalesce(restrictive_intervention_type_list.group_name, '{{ var("unknown") }}') as restrictive_intervention_group
from mhs515_restrictive_intervent_type
inner join submission
    on mhs515_restrictive_intervent_type._file_id = submission.file_id
left join code_list as restrictive_intervention_type_list
    on
        restrictive_intervention_type_list.code_list = 'restrictive_intervention_type'
        and {{ code_key('mhs515_restrictive_intervent_type.restrictive_int_type') }}
        = restrictive_intervention_type_list.code_key
        and {{ valid_on('restrictive_intervention_type_list', 'submission.period_end') }}
