select
    geography_type,
    geography_code,
    geography_name,
    system_code,
    sort_order,
    nullif(same_as, '') as same_as,
    {{ validity() }}
from {{ ref('geography') }}
