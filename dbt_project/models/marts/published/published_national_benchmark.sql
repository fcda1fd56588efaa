{{ config(alias='national_benchmark') }}

select
    national_rank.measure_id,
    national_rank.system_code,
    national_rank.organisation_type,
    national_rank.organisation_code,
    national_rank.organisation_name,
    national_rank.period_end,
    national_rank.numerator,
    national_rank.denominator,
    national_rank.value,
    national_rank.national_rank,
    national_rank.organisations_ranked,
    national_rank.national_quartile,
    national_rank.is_top_third,
    run.publication_id
from {{ ref('int_national_rank') }} as national_rank
cross join {{ ref('stg_run') }} as run
