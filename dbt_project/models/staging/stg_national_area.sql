select
    system_code,
    geography_type,
    geography_code,
    organisation_type,
    organisation_code,
    {{ validity() }}
from {{ ref('national_area') }}
