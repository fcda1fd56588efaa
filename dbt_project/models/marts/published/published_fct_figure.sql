{{ config(
    alias='fct_figure',
    meta={'indexes': [['measure_id', 'geography_key', 'period_end'], ['geography_key', 'is_latest_period']]}
) }}

-- The published figures with single-column keys, for tools that relate tables by one column.
with figure as (

    select * from {{ ref('published_measure_value') }}

),

geography as (

    select geography_key from {{ ref('published_dim_geography') }}

),

breakdown as (

    select breakdown_key from {{ ref('published_dim_breakdown') }}

),

period as (

    select period_key, period_end from {{ ref('published_dim_period') }}

)

select
    -- A number, not its grain written out: a million long texts would be most of the table.
    row_number() over (
        order by
            figure.measure_id, figure.system_code, figure.geography_type, figure.geography_code,
            figure.breakdown_type, figure.breakdown_value, figure.period_end
    ) as figure_key,
    figure.measure_id,
    coalesce(geography.geography_key, '-1') as geography_key,
    coalesce(breakdown.breakdown_key, '-1') as breakdown_key,
    coalesce(period.period_key, -1) as period_key,
    figure.system_code,
    figure.period_end,
    figure.period_end as metric_time,
    figure.is_latest_period,
    figure.numerator,
    figure.denominator,
    figure.value,
    figure.lower_95,
    figure.upper_95,
    figure.target,
    figure.target_status,
    figure.variation,
    figure.assurance,
    figure.national_rank,
    figure.coverage,
    figure.suppression,
    figure.publication_id
from figure
left join geography
    on
        {{ joined_key(['figure.system_code', 'figure.geography_type', 'figure.geography_code']) }}
        = geography.geography_key
left join breakdown
    on {{ joined_key(['figure.breakdown_type', 'figure.breakdown_value']) }} = breakdown.breakdown_key
left join period
    on figure.period_end = period.period_end
