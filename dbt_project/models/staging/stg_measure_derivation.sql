select
    measure_id,
    derivation,
    of_measure_id,
    and_measure_id,
    {{ validity() }}
from {{ ref('measure_derivation') }}
