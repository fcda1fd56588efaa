{{ measure_inequality(ref('int_measure_figure')) }}
