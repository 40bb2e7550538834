(function_declaration name: (_) @name) @definition.function
(function_declaration name: (_) @name body: (_) @body) @definition.function
(variable_declaration (assignment_statement (variable_list name: (_) @name)
  (expression_list value: (function_definition)))) @definition.function
(assignment_statement (variable_list name: (_) @name)
  (expression_list value: (function_definition body: (_) @body))) @definition.function
(field name: (identifier) @name value: (function_definition body: (_) @body)) @definition.method
