select
    system_code,
    system_name,
    area_code as system_geography_code,
    icb_code
from {{ source('ledger', 'system') }}
