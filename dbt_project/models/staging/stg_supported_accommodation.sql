with scheme_row as (

    select * from {{ source('lake', 'supported_accommodation') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'supported_accommodation'

),

code_list as (

    select * from {{ ref('stg_code_list') }}

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as submission_period_end,
    scheme_row._file_id as file_id,
    scheme_row._row_number as source_row_number,
    scheme_row.scheme_reference,
    coalesce(type_code.label, '{{ var("unknown") }}') as supported_accommodation_type,
    scheme_row.units,
    scheme_row.vacant_units,
    scheme_row.opened_date,
    scheme_row.closed_date
from scheme_row
inner join submission
    on scheme_row._file_id = submission.file_id
{{ join_code_lists('scheme_row', [
    ('supported_accommodation_type', 'accommodation_type', 'type_code'),
]) }}
