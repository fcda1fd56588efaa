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

of_area as (

    select
        resident_month.*,
        'place' as geography_type,
        resident_month.place_code as geography_code
    from resident_month

    union all

    select
        resident_month.*,
        'system' as geography_type,
        system.system_geography_code as geography_code
    from resident_month
    inner join system
        on resident_month.system_code = system.system_code

),

of_group as (

    select
        of_area.*,
        breakdown.breakdown_type,
        case breakdown.breakdown_type
            {%- for group in groups %}
            when '{{ group }}' then of_area.{{ group }}
            {%- endfor %}
        end as breakdown_value
    from of_area
    cross join breakdown

)

select
    ages.age_from,
    ages.age_to,
    of_group.system_code,
    of_group.geography_type,
    of_group.geography_code,
    of_group.period_end,
    of_group.breakdown_type,
    of_group.breakdown_value,
    cast(sum(of_group.population) as bigint) as residents
from of_group
inner join ages
    on
        of_group.age_from <= ages.age_to
        and of_group.age_to >= ages.age_from
group by
    ages.age_from,
    ages.age_to,
    of_group.system_code,
    of_group.geography_type,
    of_group.geography_code,
    of_group.period_end,
    of_group.breakdown_type,
    of_group.breakdown_value
