with practice_return as (

    select * from {{ ref('int_scheme_return_month') }}

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'ahc_uptake_ldhc'

)

select
    {{ contribution_columns(
        'measure_period', 'practice_return', missing=['person_key'] + var('breakdown_columns')
    ) }},
    practice_return.numerator,
    practice_return.denominator,
    practice_return.declined as adjustments
from practice_return
inner join measure_period
    on practice_return.period_end = measure_period.period_end
