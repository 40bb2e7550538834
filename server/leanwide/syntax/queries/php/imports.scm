(namespace_use_declaration) @import
(namespace_use_clause (qualified_name (name) @name) !alias) @part
(namespace_use_clause . (name) @name !alias) @part
(namespace_use_clause alias: (_) @name) @part
(require_once_expression) @import
(require_expression) @import
(include_expression) @import
(include_once_expression) @import
