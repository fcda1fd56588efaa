-- A median cannot be made of other medians, so it is taken of the contributions themselves, cell by cell.
with contribution as (

    {{ contribution_areas(
        "measure_contribution.measure_id in (select measure_id from " ~ ref('stg_measure')
        ~ " where aggregation = 'median')"
    ) }}

)

{{ roll_up('contribution', {'median': 'percentile_cont(0.5) within group (order by value)'}) }}
