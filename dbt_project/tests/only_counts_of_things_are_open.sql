-- The rule that hides nothing is for counts of things alone, and they need no other.
select
    measure_id,
    disclosure_rule,
    denominator_kind
from {{ ref('stg_measure') }}
where (disclosure_rule = 'open') <> (denominator_kind = 'things')
