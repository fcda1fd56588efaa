{{ spc_point(ref('int_measure_figure')) }}
