-- Somebody who waits at a trust and at community services is one person: the two sources meet in the person key.
with referral as (

    {% for model in ['int_community_autism_month', 'int_autism_referral_month'] -%}
    select
        {{ loop.index }} as source_order,
        period_end,
        system_code,
        person_key,
        received_date,
        place_code,
        sex,
        age_band,
        ethnicity_group,
        deprivation_quintile
    from {{ ref(model) }}
    where is_open
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

waiting as (

    select
        referral.*,
        row_number() over (
            partition by referral.period_end, referral.system_code, referral.person_key
            order by referral.source_order asc, referral.received_date asc, referral.place_code asc
        ) as preference
    from referral

),

measure_period as (

    select * from {{ ref('int_measure_period') }} where measure_id = 'autism_open_either_source'

)

select
    {{ contribution_columns(
        'measure_period', 'waiting',
        missing=['practice_code', 'pcn_code', 'commissioner_type']
    ) }},
    cast(1 as bigint) as numerator,
    cast(null as bigint) as denominator
from waiting
inner join measure_period
    on waiting.period_end = measure_period.period_end
where waiting.preference = 1
