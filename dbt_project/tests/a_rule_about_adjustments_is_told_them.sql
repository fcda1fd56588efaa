-- A rule that asks about personalised care adjustments is for measures of which every contribution tells them.
with told as (

    select
        measure_id,
        count(adjustments) = count(*) as is_told
    from {{ ref('measure_contribution') }}
    group by measure_id

)

select measure.measure_id
from {{ ref('stg_measure') }} as measure
inner join {{ ref('stg_disclosure_rule') }} as rule
    on measure.disclosure_rule = rule.disclosure_rule
inner join told
    on measure.measure_id = told.measure_id
where rule.only_if_adjusted and not told.is_told
