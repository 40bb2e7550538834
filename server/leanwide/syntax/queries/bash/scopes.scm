(variable_assignment name: (variable_name) @local)
(for_statement variable: (variable_name) @local)
(function_definition name: (_) @local)
