select
    file_id,
    feed,
    partner_code,
    system_code,
    period_start,
    period_end,
    accepted_at,
    rows_accepted
from {{ source('ledger', 'submission') }}
