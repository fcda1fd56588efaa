{{ measure_value("(select *, 'none' as suppression from " ~ ref('int_measure_cell') ~ ")") }}
