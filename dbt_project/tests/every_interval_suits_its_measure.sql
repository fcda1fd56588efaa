-- A Wilson interval is of people out of people, Byar's of events over exposure; a rate has one of them, and nothing
-- that is no rate has either.
select
    measure_id,
    aggregation,
    denominator_kind,
    confidence_interval
from {{ ref('stg_measure') }}
where
    (
        confidence_interval = 'wilson'
        and not (aggregation = 'ratio' and denominator_kind in ('people', 'population'))
    )
    or (
        confidence_interval = 'byar'
        and not (aggregation = 'ratio' and denominator_kind in ('bed_days', 'population'))
    )
    or (
        confidence_interval not in ('wilson', 'byar')
        and aggregation = 'ratio'
        and denominator_kind in ('people', 'population', 'bed_days')
    )
    or (confidence_interval = 'chain_ladder' and aggregation <> 'derived')
