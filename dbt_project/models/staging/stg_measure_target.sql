select
    measure_id,
    system_code,
    geography_type,
    target,
    baseline_date,
    baseline_factor,
    interpolation,
    due,
    {{ validity() }}
from {{ ref('measure_target') }}
