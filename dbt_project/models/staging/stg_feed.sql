select
    feed,
    feed_name,
    cadence_months,
    stale_after_periods,
    partner_type
from {{ source('ledger', 'feed') }}
