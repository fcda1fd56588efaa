with entry_row as (

    select * from {{ ref('stg_dsr') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'dsr'

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

on_register as (

    select
        effective_submission.period_end,
        person_link.person_key,
        entry_row.*,
        {{ age_in_years('entry_row.birth_month', 'effective_submission.period_end') }} as age,
        row_number() over (
            partition by effective_submission.period_end, entry_row.system_code, person_link.person_key
            order by entry_row.date_added desc, entry_row.source_row_number asc, entry_row.file_id asc
        ) as preference
    from entry_row
    inner join effective_submission
        on entry_row.file_id = effective_submission.file_id
    inner join person_link
        on entry_row.person_token = person_link.person_token
    -- Somebody taken off on the month end is not on the register at its close.
    where
        entry_row.date_added <= effective_submission.period_end
        and (entry_row.date_removed is null or entry_row.date_removed > effective_submission.period_end)

)

select
    on_register.period_end,
    on_register.person_key,
    on_register.system_code,
    on_register.place_code,
    on_register.age,
    on_register.sex,
    coalesce(age_band.age_band, '{{ var("unknown") }}') as age_band,
    on_register.ethnicity_group,
    on_register.deprivation_quintile,
    on_register.dsr_rating,
    on_register.dsr_rating_group,
    on_register.date_added,
    on_register.last_review_date,
    on_register.has_keyworker
from on_register
left join age_band
    on on_register.age between age_band.age_from and age_band.age_to
where on_register.preference = 1
