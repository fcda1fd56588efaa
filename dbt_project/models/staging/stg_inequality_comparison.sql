select
    comparison,
    breakdown_type,
    comparison_kind,
    group_value,
    reference_value,
    sort_order,
    {{ validity() }}
from {{ ref('inequality_comparison') }}
