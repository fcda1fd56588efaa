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
    {%- for name in [
        'limit_factor',
        'limit_sigmas',
        'near_limit_sigmas',
        'screening_factor',
        'trend_points',
        'shift_points',
        'near_limit_points',
        'near_limit_window',
        'minimum_points',
        'rounding_tolerance',
    ] %}
    max(case when rule.rule = '{{ name }}' then rule.value end) as {{ name }}{% if not loop.last %},{% endif %}
    {%- endfor %}
from rule
inner join run
    on {{ valid_on('rule', 'run.period_end') }}
