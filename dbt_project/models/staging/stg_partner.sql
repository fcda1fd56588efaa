select
    partner_code,
    partner_name,
    partner_type,
    system_code,
    valid_to
from {{ source('ledger', 'partner') }}
