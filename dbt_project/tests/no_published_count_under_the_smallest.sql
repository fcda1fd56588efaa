-- No published count of people is below the smallest the rule allows, none is unrounded, and no rate is shown beside a
-- suppressed count.
with published as (

    select * from {{ ref('published_measure_value') }}

),

measure as (

    select * from {{ ref('stg_measure') }}

),

disclosure_rule as (

    select * from {{ ref('stg_disclosure_rule') }}

)

select
    published.measure_id,
    published.geography_type,
    published.geography_code,
    published.breakdown_type,
    published.breakdown_value,
    published.period_end
from published
inner join measure
    on published.measure_id = measure.measure_id
inner join disclosure_rule
    on measure.disclosure_rule = disclosure_rule.disclosure_rule
where
    published.numerator < disclosure_rule.smallest_count
    or mod(published.numerator, disclosure_rule.round_to) <> 0
    or (
        measure.denominator_kind = 'people'
        and (
            published.denominator < disclosure_rule.smallest_count
            or mod(published.denominator, disclosure_rule.round_to) <> 0
        )
    )
    or (
        published.suppression in ('suppressed', 'secondary')
        and coalesce(published.value, published.lower_95, published.upper_95) is not null
    )
