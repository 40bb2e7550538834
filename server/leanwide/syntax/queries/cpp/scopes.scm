(for_range_loop declarator: (identifier) @local)
(reference_declarator (identifier) @local)
(type_parameter_declaration (type_identifier) @local)
