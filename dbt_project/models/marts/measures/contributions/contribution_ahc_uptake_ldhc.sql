with return_row as (

    select * from {{ ref('stg_ldhc') }} where indicator_group = 'health_check'

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'ldhc'

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'ahc_uptake_ldhc'

),

practice_month as (

    select * from {{ ref('int_practice_month') }}

),

practice_return as (

    select
        effective_submission.period_end,
        effective_submission.system_code,
        return_row.practice_code,
        coalesce(practice_month.pcn_code, '{{ var("pcn_unallocated") }}') as pcn_code,
        coalesce(practice_month.place_code, '{{ var("unknown") }}') as place_code,
        sum(case when return_row.field_group = 'numerator' then return_row.people else 0 end) as numerator,
        sum(case when return_row.field_group = 'denominator' then return_row.people else 0 end) as denominator
    from return_row
    inner join effective_submission
        on return_row.file_id = effective_submission.file_id
    inner join measure_period
        on
            effective_submission.period_end = measure_period.period_end
            -- Counts start again on 1 April: last year's return says nothing of this year.
            and return_row.achievement_date between measure_period.financial_year_start and measure_period.period_end
    left join practice_month
        on
            return_row.practice_code = practice_month.practice_code
            and effective_submission.period_end = practice_month.period_end
    group by
        effective_submission.period_end,
        effective_submission.system_code,
        return_row.practice_code,
        practice_month.pcn_code,
        practice_month.place_code

)

select
    {{ contribution_columns(
        'measure_period', 'practice_return', missing=['person_key'] + var('breakdown_columns')
    ) }},
    cast(practice_return.numerator as bigint) as numerator,
    cast(practice_return.denominator as bigint) as denominator
from practice_return
inner join measure_period
    on practice_return.period_end = measure_period.period_end
