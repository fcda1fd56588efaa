-- Overdue is the measure's rule at the year's end, carried to any month: a check counts when it falls within the
-- interval that ends with the month reported.
with register_month as (

    select * from {{ ref('int_register_month') }}

),

reported as (

    select * from {{ ref('int_system_month') }} where is_latest_period

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'ahc_uptake_register'

),

review_interval as (

    select * from {{ ref('stg_review_interval') }} where review_type = 'health_check'

),

due_for_checks as (

    select
        register_month.*,
        {{ add_months(add_days('register_month.period_end', 1), '-review_interval.interval_value') }}
            as interval_start_date
    from register_month
    inner join reported
        on
            register_month.system_code = reported.system_code
            and register_month.period_end = reported.period_end
    inner join measure_period
        on
            register_month.period_end = measure_period.period_end
            and register_month.age between measure_period.age_from and measure_period.age_to
    inner join review_interval
        on
            register_month.age between review_interval.age_from and review_interval.age_to
            and {{ valid_on('review_interval', 'register_month.period_end') }}

)

select
    period_end,
    system_code,
    person_key,
    practice_code as holder_code,
    file_id,
    source_row_number,
    case when ahc_date is null then 'no check on record' else 'overdue' end as state,
    ahc_date as last_check_date,
    case when ahc_declined_date >= interval_start_date then ahc_declined_date end as declined_date
from due_for_checks
where ahc_date is null or ahc_date < interval_start_date
