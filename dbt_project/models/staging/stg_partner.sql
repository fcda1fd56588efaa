select
    partner_code,
    partner_name,
    partner_type,
    system_code
from {{ source('ledger', 'partner') }}
