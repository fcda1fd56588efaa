select
    feed,
    feed_name,
    cadence_months,
    stale_after_periods,
    partner_type,
    role as feed_role
from {{ source('ledger', 'feed') }}
