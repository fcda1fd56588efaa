select
    measure_id,
    system_code,
    geography_type,
    geography_code,
    baseline_date,
    value,
    source
from {{ ref('measure_baseline') }}
