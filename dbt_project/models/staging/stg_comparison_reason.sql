select
    aggregation,
    denominator_kind,
    reason
from {{ ref('comparison_reason') }}
