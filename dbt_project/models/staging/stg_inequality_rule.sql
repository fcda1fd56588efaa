with run as (

    select * from {{ ref('stg_run') }}

),

rule as (

    select
        rule,
        value,
        {{ validity() }}
    from {{ ref('inequality_rule') }}

)

select
    max(case when rule.rule = 'minimum_people' then rule.value end) as minimum_people,
    max(case when rule.rule = 'minimum_events' then rule.value end) as minimum_events
from rule
inner join run
    on {{ valid_on('rule', 'run.period_end') }}
