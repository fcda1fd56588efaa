{%- set groups = ['sex', 'age_band', 'ethnicity_group', 'deprivation_quintile'] -%}
-- Residents of the groups that are compared, at the ages that measures ask for; an age band of which a measure counts
-- some ages counts whole, as it does among its figures.
with resident_month as (

    select * from {{ ref('int_resident_month') }}

),

ages as (

    select distinct
        age_from,
        age_to
    from {{ ref('int_measure_comparison') }}
    where compared_per = 'residents'

),

breakdown as (

    select distinct breakdown_type from {{ ref('stg_inequality_comparison') }}

),

system as (

    select * from {{ ref('stg_system') }}

),

of_place as (

    select
        ages.age_from,
        ages.age_to,
        resident_month.system_code,
        resident_month.place_code,
        resident_month.period_end,
        breakdown.breakdown_type,
        case breakdown.breakdown_type
            {%- for group in groups %}
            when '{{ group }}' then resident_month.{{ group }}
            {%- endfor %}
        end as breakdown_value,
        sum(resident_month.population) as residents
    from resident_month
    cross join breakdown
    inner join ages
        on
            resident_month.age_from <= ages.age_to
            and resident_month.age_to >= ages.age_from
    group by
        ages.age_from,
        ages.age_to,
        resident_month.system_code,
        resident_month.place_code,
        resident_month.period_end,
        breakdown.breakdown_type,
        case breakdown.breakdown_type
            {%- for group in groups %}
            when '{{ group }}' then resident_month.{{ group }}
            {%- endfor %}
        end

)

select
    age_from,
    age_to,
    system_code,
    'place' as geography_type,
    place_code as geography_code,
    period_end,
    breakdown_type,
    breakdown_value,
    cast(residents as bigint) as residents
from of_place

union all

select
    of_place.age_from,
    of_place.age_to,
    of_place.system_code,
    'system' as geography_type,
    system.system_geography_code as geography_code,
    of_place.period_end,
    of_place.breakdown_type,
    of_place.breakdown_value,
    cast(sum(of_place.residents) as bigint) as residents
from of_place
inner join system
    on of_place.system_code = system.system_code
group by
    of_place.age_from,
    of_place.age_to,
    of_place.system_code,
    system.system_geography_code,
    of_place.period_end,
    of_place.breakdown_type,
    of_place.breakdown_value
