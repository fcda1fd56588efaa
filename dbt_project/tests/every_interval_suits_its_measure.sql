-- A Wilson interval is of people out of people, Byar's of events over exposure; a rate has one of them. A mean has
-- Student's, a median that of order statistics, and nothing else has any of these.
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
    or (confidence_interval = 'student_t') <> (aggregation = 'mean')
    or (confidence_interval = 'order_statistics') <> (aggregation = 'median')
    or (confidence_interval = 'chain_ladder' and aggregation <> 'derived')
