with caseload as (

    {% for rating in ['Red', 'Amber', 'Green', 'Blue'] -%}
    select
        period_end,
        system_code,
        place_code,
        '{{ rating }}' as dsr_rating,
        rated_{{ rating | lower }} as children
    from {{ ref('fct_keyworker_caseload') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'keyworker_caseload'

)

select
    {{ contribution_columns(
        'measure_period', 'caseload',
        missing=['person_key', 'practice_code', 'pcn_code'] + var('breakdown_columns'),
        own=['dsr_rating']
    ) }},
    cast(caseload.children as bigint) as numerator,
    cast(null as bigint) as denominator
from caseload
inner join measure_period
    on caseload.period_end = measure_period.period_end
where caseload.children > 0
