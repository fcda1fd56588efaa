-- Every cell under the disclosure rule of its measure (seed disclosure_rule): small counts, zero included, are hidden
-- and others rounded, as the rule says. A population is not people on anyone's list and stands as it is; so does the
-- figure of a baseline year. Bed days tell how many people there are, so they are hidden with them. A sum, mean or
-- median needs enough people behind it, and is rounded (seed disclosure_amount). The interval of a sum or mean is laid
-- round the rounded figure; the ends of a median's are values of other people and are rounded outwards.
with cell as (

    select * from {{ ref('int_measure_cell') }}

)

select
    cell.*,
    case
        when cell.counts_events and cell.people_counted < cell.smallest_count then null
        else {{ disclosed_count('cell', 'numerator') }}
    end as ruled_numerator,
    case
        when cell.denominator_kind in ('population', 'baseline') then cell.denominator
        when cell.denominator_kind = 'bed_days' and cell.people < cell.smallest_count then null
        else {{ disclosed_count('cell', 'denominator') }}
    end as ruled_denominator,
    case
        when cell.denominator >= cell.smallest_count
            then {{ disclosed_amount('cell.amount', 'cell.amount_round_to', 'round') }}
    end as ruled_amount,
    case
        when cell.denominator < cell.smallest_count then null
        when cell.aggregation = 'median'
            then {{ disclosed_amount('cell.amount_lower', 'cell.amount_round_to', 'floor') }}
        else
            {{ disclosed_amount('cell.amount', 'cell.amount_round_to', 'round') }}
            - {{ disclosed_reach('(cell.amount_upper - cell.amount)', 'cell.amount_round_to') }}
    end as ruled_amount_lower,
    case
        when cell.denominator < cell.smallest_count then null
        when cell.aggregation = 'median'
            then {{ disclosed_amount('cell.amount_upper', 'cell.amount_round_to', 'ceil') }}
        else
            {{ disclosed_amount('cell.amount', 'cell.amount_round_to', 'round') }}
            + {{ disclosed_reach('(cell.amount_upper - cell.amount)', 'cell.amount_round_to') }}
    end as ruled_amount_upper
from cell
