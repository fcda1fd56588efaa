with return_row as (

    select * from {{ ref('stg_ldhc') }} where indicator_group = 'health_check'

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'ldhc'

),

reporting_month as (

    select * from {{ ref('int_reporting_month') }}

),

practice_month as (

    select * from {{ ref('int_practice_month') }}

)

select
    effective_submission.period_end,
    effective_submission.system_code,
    return_row.practice_code,
    coalesce(practice_month.pcn_code, '{{ var("unallocated") }}') as pcn_code,
    coalesce(practice_month.place_code, '{{ var("unknown") }}') as place_code,
    cast(sum(case when return_row.field_group = 'numerator' then return_row.people else 0 end) as bigint) as numerator,
    cast(
        sum(case when return_row.field_group = 'denominator' then return_row.people else 0 end) as bigint
    ) as denominator,
    cast(sum(case when return_row.field_group = 'declined' then return_row.people else 0 end) as bigint) as declined
from return_row
inner join effective_submission
    on return_row.file_id = effective_submission.file_id
inner join reporting_month
    on
        effective_submission.period_end = reporting_month.period_end
        -- Counts start again on 1 April: last year's return says nothing of this year.
        and return_row.achievement_date between reporting_month.financial_year_start and reporting_month.period_end
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
