-- From ten financial years before the first reported month to the end of the reporting year.
with reporting_month as (

    select
        min(financial_year_start) as first_year_start,
        max(financial_year_start) as last_year_start,
        max(period_end) as period_end
    from {{ ref('int_reporting_month') }}

),

number as (

    select * from {{ ref('int_number') }}

),

day as (

    select
        {{ add_days(add_months('reporting_month.first_year_start', -120), 'number.number') }} as date_day,
        reporting_month.period_end as reporting_period_end
    from reporting_month
    inner join number
        on
            number.number < {{ days_between(
                add_months('reporting_month.first_year_start', -120),
                add_months('reporting_month.last_year_start', 12)
            ) }}

),

dated as (

    select
        day.*,
        {{ month_start('day.date_day') }} as month_start,
        {{ month_end('day.date_day') }} as month_end,
        {{ financial_year_start('day.date_day') }} as financial_year_start
    from day

)

select
    cast(date_day as {{ dbt.type_string() }}) as date_key,
    date_day,
    month_start,
    month_end,
    date_day = month_end as is_month_end,
    cast(extract(year from date_day) as integer) as calendar_year,
    cast(extract(month from date_day) as integer) as calendar_month,
    financial_year_start,
    cast(extract(year from financial_year_start) as {{ dbt.type_string() }}) || '/'
    || substr(cast(extract(year from financial_year_start) + 1 as {{ dbt.type_string() }}), 3, 2) as financial_year,
    {{ months_apart('financial_year_start', 'date_day') }} + 1 as financial_year_month,
    cast(floor({{ months_apart('financial_year_start', 'date_day') }} / 3) as integer) + 1 as financial_year_quarter,
    {{ months_apart('reporting_period_end', 'date_day') }} as month_offset,
    cast(extract(year from financial_year_start) as integer)
    - cast(extract(year from {{ financial_year_start('reporting_period_end') }}) as integer) as financial_year_offset
from dated

union all

select
    '-1' as date_key,
    cast(null as date) as date_day,
    cast(null as date) as month_start,
    cast(null as date) as month_end,
    false as is_month_end,
    cast(null as integer) as calendar_year,
    cast(null as integer) as calendar_month,
    cast(null as date) as financial_year_start,
    '{{ var("unknown") }}' as financial_year,
    cast(null as integer) as financial_year_month,
    cast(null as integer) as financial_year_quarter,
    cast(null as integer) as month_offset,
    cast(null as integer) as financial_year_offset
