select
    feed,
    partner_code,
    system_code,
    period_end,
    due_date,
    is_paused
from {{ source('ledger', 'expected_submission') }}
