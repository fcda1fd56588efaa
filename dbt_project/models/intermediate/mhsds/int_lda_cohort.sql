-- Who in a trust's submission has a learning disability or autism, and by which table it is known: any one is enough. A
-- team, a ward stay and a section count in months on some day of which they were open or in force: what happened in a
-- month is counted of everybody who was of the cohort in it. A disability and a diagnosis do not end.
with disability as (

    select * from {{ ref('stg_mhs007_disability_type') }} where lda_disability_code is not null

),

act_period as (

    select * from {{ ref('stg_mhs401_mhact_period') }} where lda_mental_category_code is not null

),

team as (

    select * from {{ ref('stg_mhs102_service_type_referred_to') }} where lda_team_type_code is not null

),

ward_stay as (

    select * from {{ ref('stg_mhs502_ward_stay') }}

),

ward as (

    select * from {{ ref('stg_mhs903_ward_details') }}

),

spell as (

    select * from {{ ref('stg_mhs501_hosp_prov_spell') }}

),

referral as (

    select * from {{ ref('stg_mhs101_referral') }}

),

primary_diagnosis as (

    select * from {{ ref('stg_mhs604_prim_diag') }} where is_lda_diagnosis

),

secondary_diagnosis as (

    select * from {{ ref('stg_mhs605_sec_diag') }} where is_lda_diagnosis

),

by_referral as (

    select
        team.file_id,
        team.service_request_id_token,
        'MHS102' as qualifying_table
    from team
    inner join referral
        on
            team.file_id = referral.file_id
            and team.service_request_id_token = referral.service_request_id_token
    where
        {{ lasts_to(
            [
                'team.refer_closure_date',
                'team.refer_rejection_date',
                'referral.serv_disch_date',
                'referral.refer_rejection_date',
            ],
            month_start('referral.submission_period_end')
        ) }}
    union
    select file_id, service_request_id_token, 'MHS604' as qualifying_table from primary_diagnosis
    union
    select file_id, service_request_id_token, 'MHS605' as qualifying_table from secondary_diagnosis
    union
    -- Until version 5 the kind of ward stood with the stay; since version 6 it stands with the ward.
    select
        spell.file_id,
        spell.service_request_id_token,
        'MHS502' as qualifying_table
    from ward_stay
    inner join spell
        on
            ward_stay.file_id = spell.file_id
            and ward_stay.hosp_prov_spell_id_token = spell.hosp_prov_spell_id_token
    left join ward
        on
            ward_stay.file_id = ward.file_id
            and ward_stay.ward_code = ward.ward_code
    where
        (
            coalesce(ward_stay.ward_type_group, ward.ward_type_group) = 'LDA'
            or ward_stay.lda_intended_care_code is not null
            or ward.lda_intended_care_code is not null
        )
        and ward_stay.start_date_ward_stay <= ward_stay.submission_period_end
        and {{ lasts_to(['ward_stay.end_date_ward_stay'], month_start('ward_stay.submission_period_end')) }}

),

qualified as (

    select
        submission_period_end as period_end,
        system_code,
        partner_code,
        local_patient_id_token,
        'MHS007' as qualifying_table
    from disability
    union
    select
        submission_period_end as period_end,
        system_code,
        partner_code,
        local_patient_id_token,
        'MHS401' as qualifying_table
    from act_period
    where
        start_date_mhact_legal_status_class <= submission_period_end
        and {{ lasts_to(
            ['end_date_mhact_legal_status_class', 'expiry_date_mhact_legal_status_class'],
            month_start('submission_period_end')
        ) }}
    union
    select
        referral.submission_period_end as period_end,
        referral.system_code,
        referral.partner_code,
        referral.local_patient_id_token,
        by_referral.qualifying_table
    from referral
    inner join by_referral
        on
            referral.file_id = by_referral.file_id
            and referral.service_request_id_token = by_referral.service_request_id_token

)

select
    period_end,
    system_code,
    partner_code,
    local_patient_id_token,
    trim(
        {%- for table in ['MHS007', 'MHS102', 'MHS401', 'MHS502', 'MHS604', 'MHS605'] %}
        max(case when qualifying_table = '{{ table }}' then '{{ table }} ' else '' end)
        {% if not loop.last %}||{% endif %}
        {%- endfor %}
    ) as qualifying_tables
from qualified
group by period_end, system_code, partner_code, local_patient_id_token
