-- Semantic layers join their dates to this; the date dimension's unknown member is no day.
select date_day
from {{ ref('dim_date') }}
where date_key <> '-1'
