select
    events,
    lower_95,
    upper_95
from {{ ref('poisson_limit') }}
