select
    code_list,
    {{ code_key('code') }} as code_key,
    standard_code,
    label,
    group_name,
    sort_order,
    {{ validity() }}
from {{ ref('code_list') }}
