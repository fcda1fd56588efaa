-- Uptake over the scheme's denominator, as each system's own copy of the national publication has it. Where the
-- publisher hides a denominator, that practice and age group are in neither side.
with published_row as (

    select * from {{ ref('stg_ldhc_national') }} where indicator_group = 'health_check'

),

practice as (

    select
        system_code,
        submission_period_end as period_end,
        practice_code,
        indicator_code,
        max(icb_code) as icb_code,
        max(icb_name) as icb_name,
        max(sub_icb_code) as sub_icb_code,
        max(sub_icb_name) as sub_icb_name,
        max(case when field_group = 'numerator' then people end) as numerator,
        max(case when field_group = 'denominator' then people end) as denominator
    from published_row
    group by system_code, submission_period_end, practice_code, indicator_code

),

shown as (

    select * from practice where numerator is not null and denominator is not null

),

placed as (

    select
        system_code,
        period_end,
        'icb' as organisation_type,
        icb_code as organisation_code,
        icb_name as organisation_name,
        numerator,
        denominator
    from shown
    union all
    select
        system_code,
        period_end,
        'sub_icb' as organisation_type,
        sub_icb_code as organisation_code,
        sub_icb_name as organisation_name,
        numerator,
        denominator
    from shown

)

select
    system_code,
    period_end,
    organisation_type,
    organisation_code,
    max(organisation_name) as organisation_name,
    cast(sum(numerator) as bigint) as numerator,
    cast(sum(denominator) as bigint) as denominator,
    case when sum(denominator) > 0 then sum(numerator) / cast(sum(denominator) as double) end as value
from placed
group by system_code, period_end, organisation_type, organisation_code
