with national as (

    select
        uptake.*,
        measure.measure_id,
        measure.better_is
    from {{ ref('int_national_uptake') }} as uptake
    inner join {{ ref('stg_measure') }} as measure
        on measure.measure_id = 'ahc_uptake_ldhc'

),

ranked as (

    {{ rank_national('national', within=['system_code', 'organisation_type']) }}

)

select
    ranked.*,
    national.organisation_name,
    national.numerator,
    national.denominator
from ranked
inner join national
    on
        ranked.system_code = national.system_code
        and ranked.organisation_type = national.organisation_type
        and ranked.organisation_code = national.organisation_code
        and ranked.period_end = national.period_end
