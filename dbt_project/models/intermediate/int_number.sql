-- Whole numbers from 0: the portable way to make calendars (engines differ in how they generate series).
{{ config(materialized='view') }}

with digit as (

    select digits.digit from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as digits (digit)

)

select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as number
from digit as ones
cross join digit as tens
cross join digit as hundreds
cross join digit as thousands
