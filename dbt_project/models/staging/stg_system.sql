select
    system_code,
    system_name,
    area_code as system_geography_code,
    icb_code,
    cast(period_end as date) as period_end
from {{ source('ledger', 'system') }}
