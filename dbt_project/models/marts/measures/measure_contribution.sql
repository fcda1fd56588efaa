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
    'inpatients_total',
    'inpatients_over_five_years',
    'inpatients_change_since_march_2019',
    'long_stays_change_since_march_2019',
    'admissions',
    'admissions_same_month_discharge',
    'discharges',
    'readmissions_30_days',
    'mean_length_of_stay',
    'median_length_of_stay',
    'out_of_area',
    'clinically_ready',
    'delayed_days',
    'delay_cost',
    'cyp_eating_disorder',
    'post_admission_cetr',
    'discharge_plan_complete',
    'restrictive_interventions_per_1000_bed_days',
    'people_restricted',
    'inpatients_in_trusts',
    'inpatients_in_either_source',
    'restrictive_interventions_by_type',
    'people_restricted_by_type',
    'autism_open_referrals',
    'autism_over_13_weeks',
    'autism_first_contact_13_weeks',
    'autism_median_wait_days',
    'autism_new_referrals',
    'autism_closed_referrals',
    'dsr_people',
    'dsr_reviewed_in_time',
    'admitted_without_dsr',
    'dsr_self_referrals',
    'dsr_keyworker_allocated',
    'ahc_rolling_12_months',
    'ahc_rolling_12_months_ethnicity',
    'ld_prevalence',
    'ahc_uptake_ldhc_register',
    'leder_backlog',
    'leder_deaths',
    'leder_median_age_at_death',
    'leder_deaths_by_cause',
    'leder_avoidable',
    'leder_quality_of_care_good',
    'leder_actions_overdue',
    'mandatory_training_tier_1',
    'mandatory_training_tier_2',
    'keyworker_caseload',
    'milestones_on_time',
    'qi_initiatives',
    'supported_accommodation_units',
    'community_autism_open_referrals',
    'community_autism_over_13_weeks',
    'community_autism_first_contact_13_weeks',
    'community_autism_median_wait_days',
    'community_autism_new_referrals',
    'community_autism_closed_referrals',
    'autism_open_either_source',
    'long_term_support',
    'long_term_support_weekly_cost',
] -%}
{#- Those whose contributions carry a value to be added up, averaged or ranked. -#}
{%- set valued = [
    'autism_median_wait_days',
    'mean_length_of_stay',
    'median_length_of_stay',
    'delayed_days',
    'delay_cost',
    'leder_median_age_at_death',
    'community_autism_median_wait_days',
    'long_term_support_weekly_cost',
] -%}
{#- Those of which people are taken out by personalised care adjustments, which their disclosure rule asks about. -#}
{%- set adjusted = [
    'ahc_uptake_ldhc',
    'ahc_uptake_ldhc_register',
] -%}

with contribution as (

    {% for measure in measures -%}
    select
        measure_id,
        system_code,
        period_end,
        person_key,
        practice_code,
        pcn_code,
        place_code,
        {% for column in var('breakdown_columns') -%}
        {{ column }},
        {% endfor -%}
        {% for column, own_measures in var('own_breakdowns').items() -%}
        {{ column if measure in own_measures else "'" ~ var('unknown') ~ "'" }} as {{ column }},
        {% endfor -%}
        numerator,
        denominator,
        {{ 'value' if measure in valued else 'cast(null as double)' }} as value,
        {{ 'adjustments' if measure in adjusted else 'cast(null as bigint)' }} as adjustments
    from {{ ref('contribution_' ~ measure) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

-- A contribution counts in the months that its system has figures of the measure.
select contribution.*
from contribution
inner join {{ ref('int_measure_system_period') }} as system_period
    on
        contribution.measure_id = system_period.measure_id
        and contribution.system_code = system_period.system_code
        and contribution.period_end = system_period.period_end
