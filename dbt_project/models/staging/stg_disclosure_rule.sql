select
    disclosure_rule,
    smallest_count,
    round_to
from {{ ref('disclosure_rule') }}
