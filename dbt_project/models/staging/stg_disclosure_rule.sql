select
    disclosure_rule,
    smallest_count,
    round_to,
    judged_sides,
    only_if_adjusted
from {{ ref('disclosure_rule') }}
