select
    measure_id,
    system_code,
    geography_type,
    target,
    {{ validity() }}
from {{ ref('measure_target') }}
