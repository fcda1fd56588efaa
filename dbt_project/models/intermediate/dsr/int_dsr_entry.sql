-- What is known of each time on the register is what the last extract that lists it says. Somebody who is no longer
-- listed and was never said to be taken off is taken to have left at the end of the last month they were listed in.
with entry_row as (

    select * from {{ ref('stg_dsr') }}

),

person_link as (

    select * from {{ ref('int_person_link') }}

),

latest_received as (

    select
        system_code,
        partner_code,
        max(period_end) as period_end
    from {{ ref('stg_submission') }}
    where feed = 'dsr'
    group by system_code, partner_code

),

ranked as (

    select
        person_link.person_key,
        entry_row.*,
        min(entry_row.submission_period_end) over same_entry as first_reported_period_end,
        row_number() over (
            partition by entry_row.system_code, person_link.person_key, entry_row.date_added
            order by entry_row.submission_period_end desc, entry_row.source_row_number asc, entry_row.file_id asc
        ) as recency
    from entry_row
    inner join person_link
        on entry_row.person_token = person_link.person_token
    window same_entry as (partition by entry_row.system_code, person_link.person_key, entry_row.date_added)

)

select
    ranked.person_key,
    ranked.system_code,
    ranked.date_added,
    ranked.register_id_token,
    ranked.place_code,
    ranked.birth_month,
    ranked.sex,
    ranked.ethnicity_group,
    ranked.deprivation_quintile,
    ranked.dsr_rating,
    ranked.dsr_rating_group,
    ranked.last_review_date,
    ranked.has_consent,
    ranked.referral_route,
    ranked.is_self_referral,
    ranked.has_keyworker,
    ranked.last_cetr_date,
    ranked.next_cetr_date,
    ranked.last_admission_date,
    ranked.last_discharge_date,
    ranked.date_removed,
    coalesce(
        ranked.date_removed,
        case
            when ranked.submission_period_end < latest_received.period_end
                then {{ add_days('ranked.submission_period_end', 1) }}
        end
    ) as off_register_date,
    ranked.first_reported_period_end,
    ranked.submission_period_end as last_reported_period_end
from ranked
inner join latest_received
    on
        ranked.system_code = latest_received.system_code
        and ranked.partner_code = latest_received.partner_code
where ranked.recency = 1
