(name) @reference
(variable_name (name) @reference)
