-- The one room where identities are joined. Today a token is a person: the token of an NHS number is shared by every
-- feed, and a record without one is a person of its own source. A linkage step replaces this model and nothing else.
with token as (

    select person_token, person_token_source from {{ ref('stg_gp_ld_register') }}
    union
    select person_token, person_token_source from {{ ref('stg_inpatient_census') }}
    union
    select person_token, person_token_source from {{ ref('stg_leder') }}
    union
    select person_token, person_token_source from {{ ref('stg_cld') }} where coalesce(is_of_place, true)
    union
    select person_token, person_token_source from {{ ref('stg_mhs001_mpi') }}
    union
    select person_token, person_token_source from {{ ref('stg_autism_waiting_list') }}
    union
    select person_token, person_token_source from {{ ref('stg_dsr') }}

)

select
    person_token,
    person_token as person_key,
    min(person_token_source) as link_method
from token
group by person_token
