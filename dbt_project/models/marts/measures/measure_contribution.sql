{%- set measures = [
    'ld_register_size',
    'ahc_uptake_register',
    'ahc_and_hap',
    'ahc_declined',
    'ahc_uptake_ldhc',
    'inpatients_adult_per_million',
    'inpatients_under18_per_million',
    'inpatients_over_two_years',
    'cetr_in_date',
    'oversight_visit_in_date',
    'leder_initial_within_six_months',
    'leder_focused_within_six_months',
    'settled_accommodation',
    'paid_employment',
] -%}

{% for measure in measures -%}
select * from {{ ref('contribution_' ~ measure) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
