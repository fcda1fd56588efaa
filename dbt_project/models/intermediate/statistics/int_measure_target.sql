-- A target row is a dated point. It stands until its validity ends, or, where it is linear, moves day by day towards
-- the next point. A relative target is the area's baseline times its factor. One that is due at the end of the
-- financial year is due in its last month alone.
with target as (

    select * from {{ ref('stg_measure_target') }}

),

baseline as (

    select * from {{ ref('stg_measure_baseline') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }}

),

area as (

    select distinct
        system_code,
        geography_type,
        geography_code,
        -- What is asked of practices or places is asked of the areas that have figures because these have.
        case geography_type
            {%- for type, parent in var('derived_geographies').items() %}
            when '{{ type }}' then '{{ parent }}'
            {%- endfor %}
            else geography_type
        end as target_geography_type
    from {{ ref('int_geography_month') }}

),

resolved as (

    select
        target.measure_id,
        target.system_code,
        area.geography_type,
        area.geography_code,
        target.interpolation,
        target.due,
        target.valid_from,
        target.valid_to,
        coalesce(target.target, baseline.value * target.baseline_factor) as target
    from target
    inner join area
        on
            target.system_code = area.system_code
            and target.geography_type = area.target_geography_type
    left join baseline
        on
            target.measure_id = baseline.measure_id
            and target.system_code = baseline.system_code
            and target.baseline_date = baseline.baseline_date
            and area.geography_type = baseline.geography_type
            and area.geography_code = baseline.geography_code

),

pointed as (

    select
        resolved.*,
        lead(resolved.valid_from) over trajectory as next_from,
        lead(resolved.target) over trajectory as next_target
    from resolved
    where resolved.target is not null
    window trajectory as (
        partition by resolved.measure_id, resolved.system_code, resolved.geography_type, resolved.geography_code
        order by resolved.valid_from
    )

)

select
    pointed.measure_id,
    pointed.system_code,
    pointed.geography_type,
    pointed.geography_code,
    measure_period.period_end,
    pointed.interpolation,
    case
        when pointed.interpolation = 'linear' and pointed.next_from is not null
            then
                pointed.target
                + (pointed.next_target - pointed.target)
                * {{ days_between('pointed.valid_from', 'measure_period.period_end') }}
                / cast({{ days_between('pointed.valid_from', 'pointed.next_from') }} as double)
        else pointed.target
    end as target,
    pointed.due <> 'year_end' or {{ financial_year_month('measure_period.period_end') }} = 12 as target_is_due
from pointed
inner join measure_period
    on
        pointed.measure_id = measure_period.measure_id
        and {{ valid_on('pointed', 'measure_period.period_end') }}
