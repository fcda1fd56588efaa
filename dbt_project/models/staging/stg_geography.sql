select
    geography_type,
    geography_code,
    geography_name,
    system_code,
    sort_order,
    {{ validity() }}
from {{ ref('geography') }}
