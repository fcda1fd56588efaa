select
    child_type,
    child_code,
    parent_type,
    parent_code,
    {{ validity() }}
from {{ ref('geography_link') }}
