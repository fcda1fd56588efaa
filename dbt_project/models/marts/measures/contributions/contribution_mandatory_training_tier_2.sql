with training as (

    select * from {{ ref('fct_training') }} where tier = 2

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'mandatory_training_tier_2'

)

select
    {{ contribution_columns(
        'measure_period', 'training',
        missing=['person_key', 'practice_code', 'pcn_code', 'place_code'] + var('breakdown_columns'),
        own=['employer_type']
    ) }},
    cast(training.staff_completed as bigint) as numerator,
    cast(training.staff_in_scope as bigint) as denominator
from training
inner join measure_period
    on training.period_end = measure_period.period_end
