with employer_row as (

    select * from {{ ref('stg_training') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'training'

),

employer_month as (

    select
        effective_submission.period_end,
        employer_row.*
    from employer_row
    inner join effective_submission
        on employer_row.file_id = effective_submission.file_id

),

tier_month as (

    {% for tier in [1, 2] -%}
    select
        period_end,
        system_code,
        employer_code,
        employer_type,
        {{ tier }} as tier,
        tier_{{ tier }}_in_scope as staff_in_scope,
        tier_{{ tier }}_completed as staff_completed,
        as_at_date
    from employer_month
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    {{ joined_key(['system_code', 'employer_code', 'tier', 'period_end']) }} as training_key,
    period_end,
    system_code,
    employer_code,
    employer_type,
    tier,
    staff_in_scope,
    staff_completed,
    as_at_date
from tier_month
