with scheme_row as (

    select * from {{ ref('stg_supported_accommodation') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'supported_accommodation'

),

council_place as (

    select * from {{ ref('stg_geography_link') }} where child_type = 'council' and parent_type = 'place'

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

),

scheme_month as (

    select
        effective_submission.period_end,
        coalesce(council_place.parent_code, '{{ var("unknown") }}') as place_code,
        scheme_row.*
    from scheme_row
    inner join effective_submission
        on scheme_row.file_id = effective_submission.file_id
    left join council_place
        on
            scheme_row.partner_code = council_place.child_code
            and {{ valid_on('council_place', 'effective_submission.period_end') }}

)

select
    {{ joined_key(['scheme_month.partner_code', 'scheme_month.scheme_reference', 'scheme_month.period_end']) }}
        as scheme_key,
    scheme_month.period_end,
    scheme_month.system_code,
    scheme_month.partner_code as council_code,
    coalesce(place.geography_key, '-1') as place_key,
    scheme_month.place_code,
    scheme_month.scheme_reference,
    scheme_month.supported_accommodation_type,
    scheme_month.units,
    scheme_month.vacant_units,
    scheme_month.opened_date,
    scheme_month.closed_date,
    scheme_month.opened_date <= scheme_month.period_end
    and coalesce(scheme_month.closed_date > scheme_month.period_end, true) as is_open
from scheme_month
left join place
    on scheme_month.place_code = place.geography_code
