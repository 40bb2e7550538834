(function_definition name: (_) @name body: (_) @body) @definition.function
(class_definition name: (_) @name body: (_) @body) @definition.class
(decorated_definition
  definition: (function_definition name: (_) @name body: (_) @body)) @definition.function
(decorated_definition
  definition: (class_definition name: (_) @name body: (_) @body)) @definition.class
(type_alias_statement left: (_) @name) @definition.type
