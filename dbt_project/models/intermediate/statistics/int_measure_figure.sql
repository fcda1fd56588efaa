{{ measure_figure("(select *, 'none' as suppression from " ~ ref('int_measure_cell') ~ ")") }}
