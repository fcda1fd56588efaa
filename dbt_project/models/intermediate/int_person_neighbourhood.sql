-- A neighbourhood team looks after the people of its practices, so a person's neighbourhood is that of their practice,
-- whichever partner tells of the person: health, social care, housing and work of the same people. Somebody whose
-- practice lies in no neighbourhood of the system (it may lie outside the system) has none.
with person_practice as (

    select * from {{ ref('int_person_practice') }}

),

practice_month as (

    select * from {{ ref('int_practice_month') }} where neighbourhood_code is not null

),

neighbourhood as (

    select distinct
        system_code,
        geography_code
    from {{ ref('stg_geography') }}
    where geography_type = 'neighbourhood'

)

select
    person_practice.system_code,
    person_practice.period_end,
    person_practice.person_key,
    practice_month.neighbourhood_code
from person_practice
inner join practice_month
    on
        person_practice.practice_code = practice_month.practice_code
        and person_practice.period_end = practice_month.period_end
inner join neighbourhood
    on
        person_practice.system_code = neighbourhood.system_code
        and practice_month.neighbourhood_code = neighbourhood.geography_code
