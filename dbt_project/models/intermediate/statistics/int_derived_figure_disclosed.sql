{{ derived_figure(ref('int_measure_figure_disclosed')) }}
