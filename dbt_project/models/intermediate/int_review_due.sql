-- A review is due once a whole interval has passed since admission, and in date while the last one is no further back
-- than the interval. The interval depends on age and, for adults' C(E)TRs, on who commissions the bed.
with inpatient_month as (

    select * from {{ ref('int_inpatient_month') }}

),

review_interval as (

    select * from {{ ref('stg_review_interval') }}

),

interval_start as (

    select
        inpatient_month.*,
        review_interval.review_type,
        review_interval.interval_value,
        review_interval.interval_unit,
        case review_interval.review_type when 'cetr' then inpatient_month.next_cetr_date end as planned_review_date,
        case review_interval.review_type
            when 'cetr' then inpatient_month.last_cetr_date
            when 'oversight' then inpatient_month.last_oversight_visit_date
        end as last_review_date,
        case review_interval.interval_unit
            when 'month' then {{ add_months('inpatient_month.period_end', '-review_interval.interval_value') }}
            when 'day' then {{ add_days('inpatient_month.period_end', '-review_interval.interval_value') }}
        end as interval_start_date
    from inpatient_month
    inner join review_interval
        on
            review_interval.review_type in ('cetr', 'oversight')
            and review_interval.commissioner_type in ('*', inpatient_month.commissioner_type_code)
            and inpatient_month.age between review_interval.age_from and review_interval.age_to
            and {{ valid_on('review_interval', 'inpatient_month.period_end') }}

),

-- Both an admission and a review begin a new interval.
interval_began as (

    select
        *,
        case when last_review_date > admission_date then last_review_date else admission_date end as began_date
    from interval_start

)

select
    period_end,
    person_key,
    review_type,
    system_code,
    place_code,
    sex,
    age_band,
    ethnicity_group,
    deprivation_quintile,
    commissioner_type,
    interval_start_date,
    last_review_date,
    admission_date <= interval_start_date as is_due,
    coalesce(last_review_date >= interval_start_date, false) as is_in_date,
    commissioner_code,
    provider_site_code,
    planned_review_date,
    case interval_unit
        when 'month' then {{ add_months('began_date', 'interval_value') }}
        when 'day' then {{ add_days('began_date', 'interval_value') }}
    end as next_due_date,
    file_id,
    source_row_number
from interval_began
