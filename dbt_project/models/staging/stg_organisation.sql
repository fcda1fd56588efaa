select
    organisation_code,
    organisation_name,
    organisation_type,
    system_code,
    supplier,
    {{ validity() }}
from {{ ref('organisation') }}
