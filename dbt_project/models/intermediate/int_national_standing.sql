-- An area of ours that is an ICB or sub-ICB itself stands where that organisation does; others where the organisation
-- does that is the same area (seed national_area).
with ranked as (

    select * from {{ ref('int_national_rank') }}

),

national_area as (

    select * from {{ ref('stg_national_area') }}

),

-- An organisation's figures are its own, whichever area they are seen under.
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
