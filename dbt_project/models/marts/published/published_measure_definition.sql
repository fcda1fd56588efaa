{{ config(alias='measure_definition') }}

select
    measure_id,
    name,
    description,
    theme,
    unit,
    better_is,
    numerator_definition,
    denominator_definition,
    source,
    owner,
    refresh,
    version
from {{ ref('stg_measure') }}
