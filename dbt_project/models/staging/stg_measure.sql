select
    measure_id,
    sort_order,
    name,
    description,
    theme,
    unit,
    multiplier,
    aggregation,
    better_is,
    numerator_definition,
    denominator_definition,
    denominator_kind,
    feed,
    frequency_months,
    year_to_date,
    coalesce(age_from, 0) as age_from,
    coalesce(age_to, 999) as age_to,
    coalesce(age_from, age_to) is not null as is_age_limited,
    interval_value,
    interval_unit,
    population_year,
    geography_types
    {%- for type, parent in var('derived_geographies').items() %}
    || case
        when aggregation <> 'derived'
            and {{ in_list("'" ~ parent ~ "'", 'geography_types') }}
            {%- if type in var('person_geographies') %}
            and (
                {{ in_list("'practice'", 'geography_types') }}
                or (
                    {{ in_list("'deprivation_quintile'", "coalesce(breakdowns, '')") }}
                    and coalesce(denominator_kind, 'people') in ('people', 'bed_days')
                )
            )
            {%- endif %} then ';{{ type }}'
        else ''
    end
    {%- endfor %} as geography_types,
    coalesce(breakdowns, '') as breakdowns,
    carry_forward,
    spc,
    disclosure_rule,
    source,
    owner,
    refresh,
    version,
    {{ validity() }}
from {{ ref('measure_catalogue') }}
