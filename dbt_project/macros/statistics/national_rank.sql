{# Where each organisation stands among all that a national publication has a value for, by measure and period.
   `national` is a relation with measure_id, organisation_code, period_end, value and better_is (higher or lower; a
   measure without a better direction has no rank). Organisations without a value are not ranked.

   `within` are further columns that organisations are ranked within (a copy of the publication, a type of organisation).
   Equal values share the better rank. Quartile 1 holds the best quarter of ranks; the top third are those whose rank
   is no more than a third of the number ranked, so a third that is not whole is rounded down. #}
{% macro rank_national(national, within=[]) %}
{%- set group = ['measure_id', 'period_end'] + within -%}
with ranked as (

    select
        national.measure_id,
        national.organisation_code,
        national.period_end,
        {%- for column in within %}
        national.{{ column }},
        {%- endfor %}
        national.value,
        rank() over (
            partition by national.{{ group | join(', national.') }}
            order by case national.better_is when 'higher' then -national.value else national.value end
        ) as national_rank,
        count(*) over (partition by national.{{ group | join(', national.') }}) as organisations_ranked
    from {{ national }} as national
    where
        national.value is not null
        and national.better_is in ('higher', 'lower')

)

select
    measure_id,
    organisation_code,
    period_end,
    {%- for column in within %}
    {{ column }},
    {%- endfor %}
    value,
    cast(national_rank as integer) as national_rank,
    cast(organisations_ranked as integer) as organisations_ranked,
    cast(floor((national_rank - 1) * 4 / cast(organisations_ranked as double)) as integer) + 1 as national_quartile,
    national_rank * 3 <= organisations_ranked as is_top_third
from ranked
{% endmacro %}
