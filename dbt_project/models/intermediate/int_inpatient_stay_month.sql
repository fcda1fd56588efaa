-- What happened in a month is known from the census of that month alone. The spells of a stay are joined by the day the
-- stay began, so a transfer is neither a discharge nor an admission.
with census_row as (

    select * from {{ ref('stg_inpatient_census') }}

),

reporting_month as (

    select * from {{ ref('int_reporting_month') }}

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

spell as (

    select
        reporting_month.period_end,
        reporting_month.month_start,
        person_link.person_key,
        census_row.*,
        census_row.discharge_date is null or census_row.discharge_date > reporting_month.period_end as is_open,
        row_number() over (
            partition by
                reporting_month.period_end,
                census_row.system_code,
                person_link.person_key,
                census_row.admission_date
            order by census_row.source_row_number asc, census_row.file_id asc
        ) as preference
    from census_row
    inner join reporting_month
        on census_row.submission_period_end = reporting_month.period_end
    inner join person_link
        on census_row.person_token = person_link.person_token
    where census_row.admission_date <= reporting_month.period_end

),

-- A day counts for those in hospital at its end: the day of discharge does not.
delayed as (

    select
        spell.*,
        case
            when spell.clinically_ready_date is not null
                then
                    greatest(
                        0,
                        1 + {{ days_between(
                            'greatest(month_start, admission_date, clinically_ready_date)',
                            'case when is_open then period_end else ' ~ add_days('discharge_date', -1) ~ ' end'
                        ) }}
                    )
            else 0
        end as delayed_days
    from spell
    where spell.preference = 1

),

stay as (

    select
        delayed.*,
        sum(case when delayed.is_open then 1 else 0 end) over whole_stay as open_spells,
        max(delayed.discharge_date) over whole_stay as last_discharge_date,
        sum(delayed.delayed_days) over whole_stay as stay_delayed_days,
        sum(delayed.delayed_days * delayed.daily_cost) over whole_stay as stay_delay_cost,
        min(case when delayed.last_cetr_date >= delayed.first_admission_date then delayed.last_cetr_date end)
            over whole_stay
            as first_known_cetr_date,
        row_number() over (
            partition by delayed.period_end, delayed.system_code, delayed.person_key, delayed.first_admission_date
            order by delayed.admission_date desc, delayed.source_row_number asc
        ) as recency
    from delayed
    window whole_stay as (partition by period_end, system_code, person_key, first_admission_date)

),

latest_spell as (

    select
        stay.*,
        {{ age_in_years('birth_month', 'period_end') }} as age,
        case when stay.open_spells = 0 then stay.last_discharge_date end as stay_discharge_date
    from stay
    where stay.recency = 1

)

select
    latest_spell.period_end,
    latest_spell.person_key,
    latest_spell.first_admission_date,
    latest_spell.system_code,
    latest_spell.place_code,
    latest_spell.birth_month,
    latest_spell.age,
    latest_spell.sex,
    coalesce(age_band.age_band, '{{ var("unknown") }}') as age_band,
    latest_spell.ethnicity_group,
    latest_spell.deprivation_quintile,
    latest_spell.commissioner_type,
    latest_spell.stay_discharge_date as discharge_date,
    case when latest_spell.open_spells = 0 then latest_spell.discharge_destination end as discharge_destination,
    latest_spell.first_admission_date >= latest_spell.month_start as is_admitted_in_month,
    coalesce(latest_spell.stay_discharge_date >= latest_spell.month_start, false) as is_discharged_in_month,
    cast(latest_spell.stay_delayed_days as bigint) as delayed_days,
    latest_spell.stay_delay_cost as delay_cost,
    latest_spell.first_known_cetr_date
from latest_spell
left join age_band
    on latest_spell.age between age_band.age_from and age_band.age_to
