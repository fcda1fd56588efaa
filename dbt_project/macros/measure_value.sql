{# What is said of a measure's figures, once the numerator and denominator to say it of are settled: value, Wilson
   interval and target. `figures` is a relation with the columns of int_measure_cell and a column `suppression`. The
   mart uses it on exact figures and the published layer on disclosed ones, so that nothing published is worked out
   from a figure that is hidden. #}
{% macro measure_value(figures) %}
with figures as (

    select
        cell.*,
        case
            when cell.unit = 'count' then cast(cell.numerator as double)
            when cell.denominator > 0 then cell.multiplier * cell.numerator / cast(cell.denominator as double)
        end as value
    from {{ figures }} as cell

),

run as (

    select * from {{ ref('stg_run') }}

)

select
    figures.measure_id,
    figures.system_code,
    figures.geography_type,
    figures.geography_code,
    figures.geography_name,
    figures.breakdown_type,
    figures.breakdown_value,
    figures.period_end,
    figures.period_start,
    figures.is_latest_period,
    figures.numerator,
    figures.denominator,
    figures.value,
    figures.unit,
    case
        when figures.unit <> 'count' and figures.numerator is not null
            then {{ wilson_bound('lower', 'figures.numerator', 'figures.denominator', 'figures.multiplier') }}
    end as lower_95,
    case
        when figures.unit <> 'count' and figures.numerator is not null
            then {{ wilson_bound('upper', 'figures.numerator', 'figures.denominator', 'figures.multiplier') }}
    end as upper_95,
    cast(figures.target as double) as target,
    case
        when figures.target is null or figures.value is null then null
        when figures.better_is = 'lower' and figures.value <= figures.target then 'met'
        when figures.better_is = 'higher' and figures.value >= figures.target then 'met'
        else 'not met'
    end as target_status,
    cast(null as double) as spc_mean,
    cast(null as double) as spc_lower_limit,
    cast(null as double) as spc_upper_limit,
    cast(null as {{ dbt.type_string() }}) as spc_point_type,
    cast(null as {{ dbt.type_string() }}) as variation,
    cast(null as {{ dbt.type_string() }}) as assurance,
    cast(null as integer) as national_rank,
    figures.coverage,
    figures.suppression,
    run.publication_id
from figures
cross join run
{% endmacro %}
