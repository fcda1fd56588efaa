-- A sub-ICB stands where that organisation does; other areas where the organisation does that is the same area (seed
-- national_area). An ICB of ours may be a part of one only, under its code: it stands nowhere unless the seed says so.
with ranked as (

    select * from {{ ref('int_national_rank') }}

),

national_area as (

    select * from {{ ref('stg_national_area') }}

),

stands as (

    select
        ranked.measure_id,
        ranked.system_code,
        ranked.organisation_type as geography_type,
        ranked.organisation_code as geography_code,
        ranked.period_end,
        ranked.organisation_type,
        ranked.organisation_code,
        ranked.national_rank,
        ranked.organisations_ranked
    from ranked
    where ranked.organisation_type = 'sub_icb'
    union all
    select
        ranked.measure_id,
        ranked.system_code,
        national_area.geography_type,
        national_area.geography_code,
        ranked.period_end,
        ranked.organisation_type,
        ranked.organisation_code,
        ranked.national_rank,
        ranked.organisations_ranked
    from ranked
    inner join national_area
        on
            ranked.system_code = national_area.system_code
            and ranked.organisation_type = national_area.organisation_type
            and ranked.organisation_code = national_area.organisation_code
            and {{ valid_on('national_area', 'ranked.period_end') }}

)

select * from stands
