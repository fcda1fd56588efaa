select
    disclosure_rule,
    aggregation,
    unit,
    round_to,
    person_step
from {{ ref('disclosure_amount') }}
