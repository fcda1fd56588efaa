select
    review_type,
    commissioner_type,
    age_group,
    age_from,
    age_to,
    interval_value,
    interval_unit,
    {{ validity() }}
from {{ ref('review_interval') }}
