-- The one place where received ODS data takes precedence over reference data: an organisation's name and closing date
-- are as the latest release that has it says. A practice that only ODS knows is added, in its commissioner's system.
with seeded as (

    select * from {{ ref('stg_organisation') }}

),

ranked as (

    select
        organisation.*,
        row_number() over (
            partition by organisation.organisation_code
            order by organisation.release_period_end desc, organisation.partner_code asc
        ) as recency
    from {{ ref('stg_ods_organisations') }} as organisation

),

received as (

    select * from ranked where recency = 1

),

commissioner as (

    select distinct
        geography_code,
        system_code
    from {{ ref('stg_geography') }}
    where geography_type = 'sub_icb'

)

select
    seeded.organisation_code,
    coalesce(received.organisation_name, seeded.organisation_name) as organisation_name,
    seeded.organisation_type,
    seeded.system_code,
    seeded.supplier,
    seeded.valid_from,
    -- Validity ends on the first day that does not count, ODS on the last that does.
    least(
        seeded.valid_to, coalesce({{ add_days('received.close_date', 1) }}, {{ far_future() }})
    ) as valid_to
from seeded
left join received
    on seeded.organisation_code = received.organisation_code

union all

select
    received.organisation_code,
    received.organisation_name,
    'practice' as organisation_type,
    commissioner.system_code,
    cast(null as {{ dbt.type_string() }}) as supplier,
    received.open_date as valid_from,
    coalesce({{ add_days('received.close_date', 1) }}, {{ far_future() }}) as valid_to
from received
inner join commissioner
    on
        received.commissioner_code = commissioner.geography_code
        and received.system_code = commissioner.system_code
left join seeded
    on received.organisation_code = seeded.organisation_code
where
    seeded.organisation_code is null
    and received.prescribing_setting = '4'
