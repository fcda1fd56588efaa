with measure as (

    select * from {{ ref('stg_measure') }}

),

reporting_month as (

    select * from {{ ref('int_reporting_month') }}

),

latest_of_feed as (

    select feed, max(period_end) as period_end from {{ ref('stg_submission') }} group by feed

),

-- A measure that joins feeds can say nothing until each of them has been received.
latest_received as (

    select
        measure.measure_id,
        min(latest_of_feed.period_end) as period_end
    from measure
    inner join latest_of_feed
        on {{ in_list('latest_of_feed.feed', 'measure.feed') }}
    group by measure.measure_id, measure.feed
    having count(*) = {{ list_length('measure.feed') }}

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
        measure.measure_id = latest_received.measure_id
        and (measure.carry_forward or reporting_month.period_end <= latest_received.period_end)
