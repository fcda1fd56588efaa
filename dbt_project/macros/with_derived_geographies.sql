{#- A measure's `geography_types` with those that follow from them: the areas of var `derived_geographies`, where the
   measure has the area they are made from. Areas of var `person_geographies` need to know each person's area, so the
   measure must be about practices or about people with an address. -#}
{% macro with_derived_geographies() -%}
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
{%- endfor %}
{%- endmacro %}
