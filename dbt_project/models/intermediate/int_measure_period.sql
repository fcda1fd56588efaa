with measure as (

    select * from {{ ref('stg_measure') }}

),

reporting_month as (

    select * from {{ ref('int_reporting_month') }}

),

latest_received as (

    select feed, max(period_end) as period_end from {{ ref('stg_submission') }} group by feed

)

select
    measure.measure_id,
    reporting_month.period_end,
    case
        when measure.year_to_date then reporting_month.financial_year_start
        else reporting_month.month_start
    end as period_start,
    reporting_month.financial_year_start,
    measure.feed,
    measure.age_from,
    measure.age_to,
    measure.interval_value,
    measure.interval_unit,
    measure.population_year
from measure
inner join reporting_month
    on
        {{ valid_on('measure', 'reporting_month.period_end') }}
        and mod(reporting_month.financial_year_month, measure.frequency_months) = 0
inner join latest_received
    on
        measure.feed = latest_received.feed
        and (measure.carry_forward or reporting_month.period_end <= latest_received.period_end)
