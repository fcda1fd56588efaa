-- Where somebody is registered with a GP, month by month, from every feed that names a practice. The learning
-- disability register of a practice that lists the person is believed first, for as long as the submission it came in
-- stands; a row of somebody removed, dead or yet to be added lists nobody and is a word like others. Else the newest
-- word counts: of the trusts (while the registration they tell of lasts), community services, the councils or the
-- register that named the person last; of the same day's words in that order, the register first.
-- A code that says that the practice is not known says nothing. Areas of practices within a place are all that is made
-- of it, so systems without them are left out.
with with_neighbourhoods as (

    select distinct system_code from {{ ref('stg_geography') }} where geography_type = 'neighbourhood'

),

no_practice as (

    select code_key from {{ ref('stg_code_list') }} where code_list = 'no_gp_practice'

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

system_month as (

    select * from {{ ref('int_system_month') }}

),

register_in_force as (

    select * from {{ ref('int_effective_submission') }} where feed = 'gp_ld_register'

),

-- `since` is the day in the partner's own records by which the later of several practices is told.
named as (

    select
        system_code,
        person_token,
        file_id,
        submission_period_end,
        1 as source_priority,
        'gp_ld_register' as feed,
        {{ code_key('practice_code') }} as practice_code,
        register_date as since,
        cast(null as date) as registered_until,
        register_date <= submission_period_end
        and (removal_date is null or removal_date > submission_period_end)
        and (deceased_date is null or deceased_date > submission_period_end) as is_listed
    from {{ ref('stg_gp_ld_register') }}

    union all

    select
        registration.system_code,
        patient.person_token,
        registration.file_id,
        registration.submission_period_end,
        2 as source_priority,
        'mhsds' as feed,
        {{ code_key('registration.gmp_reg') }} as practice_code,
        registration.start_date_gmp_registration as since,
        registration.end_date_gmp_registration as registered_until,
        true as is_listed
    from {{ ref('stg_mhs002_gp') }} as registration
    inner join {{ ref('stg_mhs001_mpi') }} as patient
        on
            registration.file_id = patient.file_id
            and registration.local_patient_id_token = patient.local_patient_id_token
    where
        registration.start_date_gmp_registration is null
        or registration.start_date_gmp_registration <= registration.submission_period_end

    union all

    select
        system_code,
        person_token,
        file_id,
        submission_period_end,
        3 as source_priority,
        'autism_waiting_list' as feed,
        {{ code_key('gp_practice_code') }} as practice_code,
        referral_received_date as since,
        cast(null as date) as registered_until,
        true as is_listed
    from {{ ref('stg_autism_waiting_list') }}

    union all

    select
        system_code,
        person_token,
        file_id,
        submission_period_end,
        4 as source_priority,
        'cld' as feed,
        {{ code_key('gp_practice_code') }} as practice_code,
        event_start_date as since,
        cast(null as date) as registered_until,
        true as is_listed
    from {{ ref('stg_cld') }}
    where coalesce(is_of_place, true)

),

-- One practice per feed and period, of those that list the person and of the others; a registration that still lasts
-- before one that has ended.
told as (

    select
        person_link.person_key,
        named.*,
        row_number() over (
            partition by
                named.system_code, person_link.person_key, named.feed, named.is_listed, named.submission_period_end
            order by
                case when named.registered_until < named.submission_period_end then 1 else 0 end,
                named.since desc,
                named.practice_code asc,
                named.file_id asc
        ) as preference
    from named
    inner join with_neighbourhoods
        on named.system_code = with_neighbourhoods.system_code
    inner join person_link
        on named.person_token = person_link.person_token
    left join no_practice
        on named.practice_code = no_practice.code_key
    where
        named.practice_code is not null
        and no_practice.code_key is null

),

stretch as (

    select
        told.*,
        lead(told.submission_period_end) over (
            partition by told.system_code, told.person_key, told.feed, told.is_listed
            order by told.submission_period_end
        ) as told_until
    from told
    where told.preference = 1

),

candidate as (

    select
        stretch.system_code,
        system_month.period_end,
        stretch.person_key,
        stretch.practice_code,
        stretch.feed,
        stretch.submission_period_end,
        row_number() over (
            partition by stretch.system_code, system_month.period_end, stretch.person_key
            order by
                case when stretch.is_listed and register_in_force.file_id is not null then 0 else 1 end,
                stretch.submission_period_end desc,
                stretch.source_priority asc,
                case when stretch.is_listed then 0 else 1 end
        ) as preference
    from stretch
    inner join system_month
        on
            stretch.system_code = system_month.system_code
            and stretch.submission_period_end <= system_month.period_end
            and (stretch.told_until is null or stretch.told_until > system_month.period_end)
            and (stretch.registered_until is null or stretch.registered_until >= system_month.period_end)
    left join register_in_force
        on
            stretch.file_id = register_in_force.file_id
            and system_month.period_end = register_in_force.period_end

)

select
    system_code,
    period_end,
    person_key,
    practice_code,
    feed,
    submission_period_end
from candidate
where preference = 1
