with scheme as (

    select * from {{ ref('fct_supported_accommodation') }} where is_open

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'supported_accommodation_units'

)

select
    {{ contribution_columns(
        'measure_period', 'scheme',
        missing=['person_key', 'practice_code', 'pcn_code'] + var('breakdown_columns'),
        own=['supported_accommodation_type']
    ) }},
    cast(scheme.units as bigint) as numerator,
    cast(null as bigint) as denominator
from scheme
inner join measure_period
    on scheme.period_end = measure_period.period_end
