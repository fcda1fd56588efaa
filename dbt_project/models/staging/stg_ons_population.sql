with ons_population as (

    select * from {{ source('lake', 'ons_population') }}

),

submission as (

    select * from {{ ref('stg_submission') }} where feed = 'ons_population'

),

sex_list as (

    select * from {{ ref('stg_code_list') }} where code_list = 'sex'

)

select
    submission.system_code,
    submission.partner_code,
    submission.period_end as release_period_end,
    ons_population._file_id as file_id,
    ons_population._row_number as source_row_number,
    ons_population.area_code as place_code,
    coalesce(sex_list.label, '{{ var("unknown") }}') as sex,
    ons_population.age,
    ons_population.year as population_year,
    ons_population.population
from ons_population
inner join submission
    on ons_population._file_id = submission.file_id
left join sex_list
    on
        {{ code_key('ons_population.sex') }} = sex_list.code_key
        and {{ valid_on('sex_list', 'submission.period_end') }}
