{{ measure_value(ref('int_measure_figure'), ref('int_derived_figure'), ref('int_spc_point')) }}
