select
    disclosure_rule,
    aggregation,
    unit,
    round_to,
    person_step,
    interval_people
from {{ ref('disclosure_amount') }}
