select
    {{ code_key('cost_frequency') }} as code_key,
    weeks_per_unit,
    uses_planned_units,
    {{ validity() }}
from {{ ref('cost_frequency') }}
