with lsoa as (

    select * from {{ ref('lsoa') }}

),

quintile as (

    select * from {{ ref('stg_code_list') }} where code_list = 'deprivation_quintile'

)

select
    lsoa.lsoa_code,
    lsoa.place_code,
    lsoa.imd_decile,
    quintile.label as deprivation_quintile
from lsoa
left join quintile
    on cast(lsoa.deprivation_quintile as {{ dbt.type_string() }}) = quintile.code_key
