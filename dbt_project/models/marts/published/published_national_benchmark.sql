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
    standing.geography_code is not null as is_own_system,
    run.publication_id
from {{ ref('int_national_rank') }} as national_rank
cross join {{ ref('stg_run') }} as run
left join {{ ref('int_national_standing') }} as standing
    on
        national_rank.measure_id = standing.measure_id
        and national_rank.system_code = standing.system_code
        and standing.geography_type = 'system'
        and national_rank.organisation_type = standing.organisation_type
        and national_rank.organisation_code = standing.organisation_code
        and national_rank.period_end = standing.period_end
