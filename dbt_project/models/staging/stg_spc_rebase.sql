select
    measure_id,
    system_code,
    geography_type,
    geography_code,
    rebase_date,
    reason
from {{ ref('spc_rebase') }}
