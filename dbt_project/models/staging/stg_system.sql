select
    system_code,
    system_name,
    icb_code as system_geography_code
from {{ source('ledger', 'system') }}
