{#- People with learning disability in long-term support during the financial year, as known at a quarter end, of
    councils whose last submission still stands: one that sends nothing any more is missing, not unchanged. -#}
{%- set attributes = [
    'birth_month', 'date_of_death', 'sex', 'ethnicity_group', 'lsoa_code',
    'accommodation_status', 'accommodation_status_group', 'employment_status', 'employment_status_group',
] -%}
{%- set person = 'supported.period_end, supported.system_code, supported.person_key' -%}

with cld_event as (

    select * from {{ ref('int_cld_event') }}

),

person_submission as (

    select * from {{ ref('int_cld_person_submission') }}

),

effective_submission as (

    select * from {{ ref('int_effective_submission') }} where feed = 'cld'

),

quarter_end as (

    select distinct period_end, financial_year_start from {{ ref('int_measure_period') }} where feed = 'cld'

),

geography_link as (

    select * from {{ ref('stg_geography_link') }} where child_type = 'council' and parent_type = 'place'

),

lsoa as (

    select * from {{ ref('stg_lsoa') }}

),

age_band as (

    select * from {{ ref('stg_age_band') }}

),

service as (

    select
        quarter_end.period_end,
        quarter_end.financial_year_start,
        cld_event.person_key,
        cld_event.system_code,
        cld_event.la_code,
        cld_event.service_type,
        row_number() over (
            partition by quarter_end.period_end, cld_event.system_code, cld_event.person_key
            order by cld_event.event_start_date desc, cld_event.la_code desc, cld_event.service_type asc
        ) as preference
    from cld_event
    inner join quarter_end
        on
            cld_event.in_force_from <= quarter_end.period_end
            and cld_event.in_force_until > quarter_end.period_end
            and cld_event.event_start_date <= quarter_end.period_end
            and (cld_event.event_end_date is null or cld_event.event_end_date >= quarter_end.financial_year_start)
    inner join effective_submission
        on
            cld_event.la_code = effective_submission.partner_code
            and cld_event.system_code = effective_submission.system_code
            and quarter_end.period_end = effective_submission.period_end
    where
        cld_event.event_type = 'Service'
        and cld_event.client_type_group = 'service_user'
        and cld_event.primary_support_reason_group = 'learning_disability'
        and cld_event.service_type_group = 'long_term'
        and (cld_event.event_end_date is null or cld_event.event_end_date >= cld_event.event_start_date)

),

supported as (

    select * from service where preference = 1

),

ranked as (

    select
        supported.period_end,
        {% for attribute in attributes -%}
        {{ latest_known_rank(
            'person_submission.' ~ attribute, person, 'person_submission.submission_period_end desc'
        ) }} as {{ attribute }}_rank,
        {% endfor -%}
        person_submission.*
    from supported
    inner join person_submission
        on
            supported.person_key = person_submission.person_key
            and supported.system_code = person_submission.system_code
            and supported.period_end >= person_submission.submission_period_end

),

person as (

    select
        {% for attribute in attributes -%}
        {{ latest_known(attribute) }} as {{ attribute }},
        {% endfor -%}
        period_end,
        system_code,
        person_key
    from ranked
    group by period_end, system_code, person_key

),

aged as (

    select
        supported.period_end,
        supported.person_key,
        supported.system_code,
        supported.la_code,
        supported.service_type,
        -- The national method for Client Level Data counts years of 365.25 days.
        cast(floor({{ days_between('person.birth_month', 'supported.period_end') }} / 365.25) as integer) as age,
        person.sex,
        person.ethnicity_group,
        person.lsoa_code,
        person.accommodation_status,
        person.accommodation_status_group,
        person.employment_status,
        person.employment_status_group
    from supported
    inner join person
        on
            supported.period_end = person.period_end
            and supported.system_code = person.system_code
            and supported.person_key = person.person_key
    where person.date_of_death is null or person.date_of_death >= supported.financial_year_start

)

select
    aged.period_end,
    aged.person_key,
    aged.system_code,
    aged.la_code,
    coalesce(aged.service_type, '{{ var("unknown") }}') as service_type,
    coalesce(geography_link.parent_code, '{{ var("unknown") }}') as place_code,
    aged.age,
    coalesce(aged.sex, '{{ var("unknown") }}') as sex,
    coalesce(age_band.age_band, '{{ var("unknown") }}') as age_band,
    coalesce(aged.ethnicity_group, '{{ var("ethnicity_unknown") }}') as ethnicity_group,
    coalesce(lsoa.deprivation_quintile, '{{ var("unknown") }}') as deprivation_quintile,
    coalesce(aged.accommodation_status, '{{ var("unknown") }}') as accommodation_status,
    coalesce(aged.accommodation_status_group, '{{ var("unknown") }}') as accommodation_status_group,
    coalesce(aged.employment_status, '{{ var("unknown") }}') as employment_status,
    coalesce(aged.employment_status_group, '{{ var("unknown") }}') as employment_status_group
from aged
left join geography_link
    on
        aged.la_code = geography_link.child_code
        and {{ valid_on('geography_link', 'aged.period_end') }}
left join lsoa
    on aged.lsoa_code = lsoa.lsoa_code
left join age_band
    on aged.age between age_band.age_from and age_band.age_to
