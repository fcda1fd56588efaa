-- The interval of a sum or mean as it is published reaches as far below it as above, in whole steps of its rounding and
-- one at least: ends of their own would tell what rounding left open of it.
with ruled as (

    select
        measure_id,
        system_code,
        geography_type,
        geography_code,
        breakdown_type,
        breakdown_value,
        period_end,
        amount_round_to,
        ruled_amount - ruled_amount_lower as below,
        ruled_amount_upper - ruled_amount as above
    from {{ ref('int_measure_ruled') }}
    where aggregation in ('sum', 'mean')

)

select * from ruled
where
    (below is null) <> (above is null)
    or below <> above
    or below < amount_round_to
    or mod(below, amount_round_to) <> 0
