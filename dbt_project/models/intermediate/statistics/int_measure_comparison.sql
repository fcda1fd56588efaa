-- How the groups of each measure about people are compared. A share, rate, mean or median is compared as it is, a sum
-- as the mean of the people behind it, and a number of people, which grows with the group, over the residents of the
-- group. A number of events is not: one person can have most of them.
with measure as (

    select * from {{ ref('stg_measure') }}
    where
        denominator_kind in ('people', 'population', 'bed_days')
        and not (aggregation = 'count' and counts_events)

),

breakdown as (

    select distinct breakdown_type from {{ ref('stg_inequality_comparison') }}

)

select distinct
    measure.measure_id,
    measure.age_from,
    measure.age_to,
    case measure.aggregation
        when 'count' then 'byar'
        when 'sum' then 'student_t'
        else measure.confidence_interval
    end as method,
    case measure.aggregation
        when 'count' then 'residents'
        when 'sum' then 'person'
        else 'figure'
    end as compared_per,
    case measure.aggregation
        when 'count' then 'per {{ "{:,}".format(var("residents_compared")) }} residents'
        when 'sum' then measure.unit || ' per person'
        else measure.unit
    end as unit
from measure
inner join breakdown
    on {{ in_list('breakdown.breakdown_type', 'measure.breakdowns') }}
