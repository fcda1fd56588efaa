{# Control charts (XmR) of every measure for which the catalogue says that one makes sense. Source of the rules: NHS
   England "Making Data Count"; their constants are the seed spc_rule.

   `figures` is a relation with one row per cell and the columns of measure_figure. Everything here follows from its
   column `value` alone, so a chart of disclosed figures cannot tell what was hidden in them.

   - A series is a cell through time, cut at the rebase dates that apply to it. Nothing passes from one part to the next.
   - A period without a value, or with an incomplete one (a partner is absent), is no point. It ends runs, trends and moving ranges, which hold between neighbours only:
     a hidden figure is a small one, so a run across it would be a false signal.
   - Screening leaves the moving ranges that are too large out once, unless nothing would be left but zeros, as in a
     series of rounded figures that seldom changes.
   - Limits are not cut off at 0 or 1: they are the mean give or take a distance, and the rules rely on it.
   - Comparisons allow for the rounding of the machine, so that a constant series has no signal. #}
{% macro spc_series() -%}
    {{ return([
        'measure_id', 'system_code', 'geography_type', 'geography_code', 'breakdown_type', 'breakdown_value'
    ]) }}
{%- endmacro %}

{# 1, -1 or 0: the direction of a difference, 0 when it is no more than the rounding of the machine. #}
{% macro spc_direction(difference, tolerance) -%}
    case when {{ difference }} > {{ tolerance }} then 1 when {{ difference }} < -{{ tolerance }} then -1 else 0 end
{%- endmacro %}

{% macro spc_point(figures) %}
{%- set series = spc_series() | join(', ') -%}
{%- set point_series = 'point.' ~ spc_series() | join(', point.') -%}
with rule as (

    select * from {{ ref('stg_spc_rule') }}

),

rebase as (

    select * from {{ ref('stg_spc_rebase') }}

),

measure as (

    select measure_id, frequency_months from {{ ref('stg_measure') }} where spc

),

point as (

    select
        {%- for column in spc_series() %}
        figures.{{ column }},
        {%- endfor %}
        figures.period_end,
        figures.value,
        -- Limits are held against a target only where a figure is.
        case when figures.target_status = 'not_due' then null else figures.target end as target,
        figures.better_is,
        -- Neighbouring periods of a measure have ordinals one apart, whether it is monthly or quarterly.
        cast(
            floor(
                (extract(year from figures.period_end) * 12 + extract(month from figures.period_end))
                / cast(measure.frequency_months as double)
            )
            as integer
        ) as ordinal
    from {{ figures }} as figures
    inner join measure
        on figures.measure_id = measure.measure_id
    where
        figures.value is not null
        and coalesce(figures.is_complete, true)

),

rebased as (

    select
        {{ point_series }},
        point.period_end,
        max(rebase.rebase_date) as rebase_date
    from point
    inner join rebase
        on
            point.measure_id = rebase.measure_id
            and point.system_code = rebase.system_code
            and rebase.geography_type in (point.geography_type, '*')
            and rebase.geography_code in (point.geography_code, '*')
            and point.period_end >= rebase.rebase_date
    group by {{ point_series }}, point.period_end

),

segmented as (

    select
        point.*,
        rebased.rebase_date,
        coalesce(rebased.rebase_date, date '1900-01-01') as segment_from
    from point
    left join rebased
        on
            {%- for column in spc_series() %}
            point.{{ column }} = rebased.{{ column }}
            and
            {%- endfor %}
            point.period_end = rebased.period_end

),

-- Points of one stretch follow each other without a gap.
stretched as (

    select
        segmented.*,
        ordinal - row_number() over (partition by {{ series }}, segment_from order by ordinal) as stretch
    from segmented

),

moved as (

    select
        stretched.*,
        value - lag(value) over (partition by {{ series }}, segment_from, stretch order by ordinal) as move
    from stretched

),

averaged as (

    select
        moved.*,
        count(*) over segment as points,
        avg(value) over segment as mean,
        avg(abs(move)) over segment as unscreened_range,
        max(abs(value)) over segment * rule.rounding_tolerance as tolerance
    from moved
    cross join rule
    -- The frame is the whole segment; its order makes sums the same on every run.
    window segment as (
        partition by {{ series }}, segment_from
        order by ordinal rows between unbounded preceding and unbounded following
    )

),

screened as (

    select
        averaged.*,
        case
            when abs(move) < rule.screening_factor * unscreened_range - tolerance then abs(move)
        end as screened_move
    from averaged
    cross join rule

),

rescreened as (

    select
        screened.*,
        count(move) over segment - count(screened_move) over segment as ranges_too_large,
        avg(screened_move) over segment as screened_range
    from screened
    window segment as (
        partition by {{ series }}, segment_from
        order by ordinal rows between unbounded preceding and unbounded following
    )

),

-- Where all the movement there is would be left out, none of it is an outlier: limits of no width would flag all.
ranged as (

    select
        rescreened.*,
        case when screened_range > tolerance then ranges_too_large else 0 end as ranges_left_out,
        case when screened_range > tolerance then screened_range else unscreened_range end as mean_moving_range
    from rescreened

),

limited as (

    select
        ranged.*,
        rule.limit_factor * mean_moving_range as distance,
        rule.limit_factor * mean_moving_range * rule.near_limit_sigmas / rule.limit_sigmas as near_distance,
        {{ spc_direction('(value - mean)', 'tolerance') }} as side,
        {{ spc_direction('move', 'tolerance') }} as heading
    from ranged
    cross join rule

),

grouped as (

    select
        limited.*,
        side <> 0 and abs(value - mean) > distance + tolerance as is_outside,
        side <> 0 and abs(value - mean) > near_distance + tolerance as is_beyond_near,
        ordinal - row_number() over (
            partition by {{ series }}, segment_from, stretch, side order by ordinal
        ) as side_group,
        ordinal - row_number() over (
            partition by {{ series }}, segment_from, stretch, heading order by ordinal
        ) as heading_group
    from limited

),

counted as (

    select
        grouped.*,
        count(*) over (partition by {{ series }}, segment_from, stretch, side, side_group) as side_points,
        -- Six moves up make seven rising points: the point before the first move is one of them.
        1 + count(*) over (
            partition by {{ series }}, segment_from, stretch, heading, heading_group
        ) as moving_points
    from grouped

),

trended as (

    select
        counted.*,
        case when heading <> 0 and moving_points >= rule.trend_points then heading else 0 end as trend_to
    from counted
    cross join rule

),

led as (

    select
        trended.*,
        -- A point that ends one trend and begins another belongs to the one that led to it.
        case
            when trend_to <> 0 then trend_to
            else coalesce(
                lead(trend_to) over (partition by {{ series }}, segment_from, stretch order by ordinal), 0
            )
        end as trend
    from trended

),

near_window as (

    select
        {{ series }},
        segment_from,
        stretch,
        side,
        ordinal + number.number as last_ordinal
    from led
    cross join rule
    inner join {{ ref('int_number') }} as number
        on number.number < rule.near_limit_window
    where side <> 0
    group by {{ series }}, segment_from, stretch, side, ordinal + number.number, rule.near_limit_window, rule.near_limit_points
    having
        count(*) = rule.near_limit_window
        and sum(case when is_beyond_near then 1 else 0 end) >= rule.near_limit_points

),

near_point as (

    select distinct
        {%- for column in spc_series() %}
        near_window.{{ column }},
        {%- endfor %}
        near_window.last_ordinal - number.number as ordinal
    from near_window
    cross join rule
    inner join {{ ref('int_number') }} as number
        on number.number < rule.near_limit_window

),

-- The first rule that matches names the point.
typed as (

    select
        led.*,
        case
            when led.mean_moving_range is null then null
            when led.is_outside then 'outside_limits'
            when led.trend <> 0 then 'trend'
            when led.is_beyond_near and near_point.ordinal is not null then 'near_limit'
            when led.side <> 0 and led.side_points >= rule.shift_points then 'one_side_of_mean'
            else 'common_cause'
        end as point_type
    from led
    cross join rule
    left join near_point
        on
            {%- for column in spc_series() %}
            led.{{ column }} = near_point.{{ column }}
            and
            {%- endfor %}
            led.ordinal = near_point.ordinal

),

signalled as (

    select
        typed.*,
        case
            when point_type = 'common_cause' then 0
            when point_type = 'trend' then trend
            else side
        end as signal
    from typed

)

select
    {%- for column in spc_series() %}
    signalled.{{ column }},
    {%- endfor %}
    signalled.period_end,
    signalled.rebase_date,
    signalled.points,
    signalled.mean,
    signalled.mean_moving_range,
    signalled.ranges_left_out,
    signalled.mean - signalled.distance as lower_limit,
    signalled.mean + signalled.distance as upper_limit,
    signalled.mean - signalled.near_distance as near_lower_limit,
    signalled.mean + signalled.near_distance as near_upper_limit,
    signalled.point_type,
    case
        when signalled.point_type is null then null
        when signalled.signal = 0 then 'common_cause'
        when signalled.better_is = 'neutral' then case signalled.signal when 1 then 'neutral_high' else 'neutral_low' end
        when (signalled.better_is = 'higher') = (signalled.signal = 1) then 'improvement'
        else 'concern'
    end as variation,
    case
        when signalled.target is null or signalled.mean_moving_range is null then null
        when signalled.better_is = 'higher' then
            case
                when signalled.mean - signalled.distance >= signalled.target - signalled.tolerance
                    then 'consistently_pass'
                when signalled.mean + signalled.distance < signalled.target - signalled.tolerance
                    then 'consistently_fail'
                else 'hit_or_miss'
            end
        when signalled.better_is = 'lower' then
            case
                when signalled.mean + signalled.distance <= signalled.target + signalled.tolerance
                    then 'consistently_pass'
                when signalled.mean - signalled.distance > signalled.target + signalled.tolerance
                    then 'consistently_fail'
                else 'hit_or_miss'
            end
    end as assurance
from signalled
cross join rule
{% endmacro %}

{# The parts of each series with their limits. `points` is made by spc_point. #}
{% macro measure_control_limit(points) %}
{%- set segment = spc_series() + ['rebase_date'] -%}
with part as (

    select
        {{ segment | join(',\n        ') }},
        min(period_end) as first_period_end,
        max(period_end) as last_period_end,
        -- The same on every point of a part.
        max(points) as points,
        max(mean) as mean,
        max(mean_moving_range) as mean_moving_range,
        max(ranges_left_out) as ranges_left_out,
        max(lower_limit) as lower_limit,
        max(upper_limit) as upper_limit,
        max(near_lower_limit) as near_lower_limit,
        max(near_upper_limit) as near_upper_limit
    from {{ points }}
    group by {{ segment | join(', ') }}

)

select
    part.*,
    part.points < rule.minimum_points as is_provisional,
    max(part.last_period_end) over (partition by {{ spc_series() | join(', ') }}) = part.last_period_end as is_current,
    run.publication_id
from part
cross join {{ ref('stg_spc_rule') }} as rule
cross join {{ ref('stg_run') }} as run
{% endmacro %}
