with run as (

    select * from {{ ref('stg_run') }}

),

rule as (

    select
        rule,
        value,
        {{ validity() }}
    from {{ ref('spc_rule') }}

)

select
    max(case when rule.rule = 'limit_factor' then rule.value end) as limit_factor,
    max(case when rule.rule = 'limit_sigmas' then rule.value end) as limit_sigmas,
    max(case when rule.rule = 'near_limit_sigmas' then rule.value end) as near_limit_sigmas,
    max(case when rule.rule = 'screening_factor' then rule.value end) as screening_factor,
    max(case when rule.rule = 'trend_points' then rule.value end) as trend_points,
    max(case when rule.rule = 'shift_points' then rule.value end) as shift_points,
    max(case when rule.rule = 'near_limit_points' then rule.value end) as near_limit_points,
    max(case when rule.rule = 'near_limit_window' then rule.value end) as near_limit_window,
    max(case when rule.rule = 'minimum_points' then rule.value end) as minimum_points,
    max(case when rule.rule = 'rounding_tolerance' then rule.value end) as rounding_tolerance
from rule
inner join run
    on {{ valid_on('rule', 'run.period_end') }}
