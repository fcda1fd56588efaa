select
    feed,
    partner_code,
    system_code,
    period_end,
    due_date
from {{ source('ledger', 'expected_submission') }}
