select
    aggregation,
    denominator_kind,
    counts_events,
    reason
from {{ ref('comparison_reason') }}
