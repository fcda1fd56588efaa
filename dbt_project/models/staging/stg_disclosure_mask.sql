-- Filled between the exact figures and the published ones, by lda.disclosure (docs/disclosure.md).
select
    measure_id,
    system_code,
    geography_type,
    geography_code,
    breakdown_type,
    breakdown_value,
    period_end,
    bool_or(side = 'numerator') as hides_numerator,
    bool_or(side = 'denominator') as hides_denominator,
    bool_or(side = 'amount') as hides_amount
from {{ source('ledger', 'disclosure_mask') }}
group by measure_id, system_code, geography_type, geography_code, breakdown_type, breakdown_value, period_end
