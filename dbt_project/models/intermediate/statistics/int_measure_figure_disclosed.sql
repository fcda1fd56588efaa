{{ measure_figure(ref('int_measure_disclosed')) }}
