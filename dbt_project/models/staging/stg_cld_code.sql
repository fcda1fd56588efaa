-- Councils still send Release 1 spellings. Both releases end in one lookup; a spelling of both is Release 2's.
with code_list as (

    select
        substr(code_list, 5) as column_name,
        code_key,
        standard_code,
        label,
        group_name
    from {{ ref('stg_code_list') }}
    where code_list like 'cld!_%' escape '!'

),

release_1 as (

    select
        column_name,
        {{ code_key('r1_value') }} as code_key,
        r2_value
    from {{ ref('r1_r2_map') }}

),

release_1_mapped as (

    select
        release_1.column_name,
        release_1.code_key,
        coalesce(code_list.standard_code, release_1.r2_value) as standard_code,
        coalesce(code_list.label, release_1.r2_value) as label,
        code_list.group_name
    from release_1
    left join code_list
        on
            release_1.column_name = code_list.column_name
            and {{ code_key('release_1.r2_value') }} = code_list.code_key
    left join code_list as release_2
        on
            release_1.column_name = release_2.column_name
            and release_1.code_key = release_2.code_key
    where release_2.code_key is null

)

select * from code_list
union all
select * from release_1_mapped
