with entry as (

    select * from {{ ref('int_dsr_entry') }}

),

place as (

    select geography_key, geography_code from {{ ref('dim_geography') }} where geography_type = 'place'

)

select
    {{ joined_key(['entry.system_code', 'entry.person_key', 'entry.date_added']) }} as entry_key,
    entry.person_key,
    entry.system_code,
    coalesce(place.geography_key, '-1') as place_key,
    entry.place_code,
    entry.date_added,
    entry.off_register_date,
    entry.dsr_rating,
    entry.last_review_date,
    entry.has_consent,
    entry.referral_route,
    entry.is_self_referral,
    entry.has_keyworker,
    entry.last_cetr_date,
    entry.next_cetr_date,
    entry.last_admission_date,
    entry.last_discharge_date,
    entry.first_reported_period_end,
    entry.last_reported_period_end
from entry
left join place
    on entry.place_code = place.geography_code
