select
    band_type,
    band,
    value_from,
    value_to,
    sort_order
from {{ ref('value_band') }}
