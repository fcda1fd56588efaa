select
    run_id,
    publication_id,
    cast(period_end as date) as period_end,
    as_of,
    code_version
from {{ source('ledger', 'run') }}
