with run as (

    select * from {{ ref('stg_run') }}

),

rule as (

    select
        rule,
        value,
        {{ validity() }}
    from {{ ref('forecast_rule') }}

)

select max(case when rule.rule = 'minimum_units' then rule.value end) as minimum_units
from rule
inner join run
    on {{ valid_on('rule', 'run.period_end') }}
