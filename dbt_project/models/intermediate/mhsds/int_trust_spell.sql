-- A trust tells of a spell in every month it lasts: what it told last stands. Spells that follow one another without a
-- night between them are one continuous stay.
with spell_month as (

    select * from {{ ref('int_trust_spell_month') }} where qualifying_tables is not null

),

ranked as (

    select
        spell_month.*,
        row_number() over (
            partition by spell_month.system_code, spell_month.partner_code, spell_month.hosp_prov_spell_id_token
            order by spell_month.period_end desc
        ) as recency
    from spell_month

),

spell as (

    select
        ranked.*,
        coalesce(ranked.discharge_date, {{ far_future() }}) as last_day
    from ranked
    where ranked.recency = 1

),

joined as (

    select
        spell.*,
        max(spell.last_day) over (
            partition by spell.system_code, spell.person_key
            order by spell.start_date asc, spell.last_day asc, spell.hosp_prov_spell_id_token asc
            rows between unbounded preceding and 1 preceding
        ) as last_day_before
    from spell

),

numbered as (

    select
        joined.*,
        sum(case when joined.last_day_before >= joined.start_date then 0 else 1 end) over (
            partition by joined.system_code, joined.person_key
            order by joined.start_date asc, joined.last_day asc, joined.hosp_prov_spell_id_token asc
            rows between unbounded preceding and current row
        ) as stay_number
    from joined

)

select
    {{ joined_key(['system_code', 'partner_code', 'hosp_prov_spell_id_token']) }} as trust_spell_key,
    person_key,
    system_code,
    partner_code,
    place_code,
    start_date,
    min(start_date) over (partition by system_code, person_key, stay_number) as first_start_date,
    discharge_date,
    qualifying_tables,
    is_respite,
    period_end as last_reported_period_end
from numbered
