{{ measure_control_limit(ref('int_spc_point')) }}
