{{ config(alias='dim_period') }}

with dim_date as (

    select * from {{ ref('dim_date') }} where date_key <> '-1'

),

reporting_month as (

    select * from {{ ref('int_reporting_month') }}

)

select
    {{ day_number('reporting_month.period_end') }} as period_key,
    reporting_month.period_end,
    reporting_month.month_start as period_start,
    {{ month_name('reporting_month.period_end') }} as period_name,
    dim_date.calendar_year,
    dim_date.calendar_month,
    dim_date.financial_year,
    dim_date.financial_year_quarter,
    dim_date.financial_year_month,
    dim_date.month_offset,
    dim_date.financial_year_offset,
    reporting_month.months_ago = 0 as is_latest_period
from reporting_month
inner join dim_date
    on reporting_month.period_end = dim_date.date_day

union all

select
    -1 as period_key,
    cast(null as date) as period_end,
    cast(null as date) as period_start,
    '{{ var("unknown") }}' as period_name,
    cast(null as integer) as calendar_year,
    cast(null as integer) as calendar_month,
    '{{ var("unknown") }}' as financial_year,
    cast(null as integer) as financial_year_quarter,
    cast(null as integer) as financial_year_month,
    cast(null as integer) as month_offset,
    cast(null as integer) as financial_year_offset,
    false as is_latest_period
