select
    age_band,
    age_from,
    age_to,
    sort_order
from {{ ref('age_band') }}
