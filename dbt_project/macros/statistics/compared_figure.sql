{# What of each figure is compared between groups (int_measure_comparison), with its 95 % interval and how far that
   reaches on the log scale: a share or rate as it is, a mean or median as it is, a sum over the people behind it, a number
   over the residents of its group. `figures` has the columns of measure_figure. Besides them, which are as exact or as
   disclosed as the caller's, only residents are read, who are public.

   Only of groups with the people that the seed inequality_rule asks for: in the denominator, or, where events or cases
   are counted over residents or bed days, in the numerator.
   Log scale: of people out of people the variance of Katz (1978); of events over exposure 1 / events (Rothman); of means
   and medians the ends of their own interval (Zou and Donner 2008), where both are above zero. #}
{% macro compared_figure(figures) %}
{%- set z = var('wilson_z') -%}
with method as (

    select * from {{ ref('int_measure_comparison') }}

),

rule as (

    select * from {{ ref('stg_inequality_rule') }}

),

group_population as (

    select * from {{ ref('int_group_population') }}

),

poisson as (

    select * from {{ ref('stg_poisson_limit') }}

),

figure as (

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
        figures.value,
        figures.lower_95,
        figures.upper_95,
        figures.amount_lower,
        figures.amount_upper,
        cast(figures.numerator as double) as numerator,
        cast(figures.denominator as double) as denominator,
        method.method,
        method.compared_per,
        method.unit,
        group_population.residents,
        poisson.lower_95 as exact_lower,
        poisson.upper_95 as exact_upper
    from {{ figures }} as figures
    inner join method
        on figures.measure_id = method.measure_id
    cross join rule
    left join group_population
        on
            method.compared_per = 'residents'
            and method.age_from = group_population.age_from
            and method.age_to = group_population.age_to
            and figures.system_code = group_population.system_code
            and figures.geography_type = group_population.geography_type
            and figures.geography_code = group_population.geography_code
            and figures.period_end = group_population.period_end
            and figures.breakdown_type = group_population.breakdown_type
            and figures.breakdown_value = group_population.breakdown_value
    left join poisson
        on
            method.method = 'byar'
            and figures.numerator = poisson.events
    where
        case
            when method.compared_per = 'residents' or figures.denominator_kind in ('population', 'bed_days')
                then figures.numerator >= rule.minimum_events
            else figures.denominator >= rule.minimum_people
        end

),

rated as (

    select
        figure.*,
        case compared_per
            when 'residents' then {{ var('residents_compared') }} * numerator / nullif(residents, 0)
            when 'person' then value / denominator
            else value
        end as rate,
        {%- for end in ['lower', 'upper'] %}
        case
            when compared_per = 'residents'
                then {{ poisson_bound(end, 'numerator', 'exact_' ~ end, 'residents', var('residents_compared')) }}
            when compared_per = 'person' then amount_{{ end }} / denominator
            else {{ end }}_95
        end as rate_{{ end }}{{ ',' if not loop.last }}
        {%- endfor %}
    from figure

)

select
    measure_id,
    system_code,
    geography_type,
    geography_code,
    geography_name,
    breakdown_type,
    breakdown_value,
    period_end,
    period_start,
    is_latest_period,
    unit,
    rate,
    rate_lower,
    rate_upper,
    {%- for side, ends in [('below', 'rate / rate_lower'), ('above', 'rate_upper / rate')] %}
    case
        when rate <= 0 then null
        when method = 'wilson' then {{ z }} * sqrt(greatest(1 / numerator - 1 / denominator, 0))
        when method = 'byar' then {{ z }} / sqrt(numerator)
        when rate_lower > 0 then ln({{ ends }})
    end as log_{{ side }}{{ ',' if not loop.last }}
    {%- endfor %}
from rated
where rate_lower is not null
{% endmacro %}
