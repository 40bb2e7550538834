(import_statement) @import
(import_statement (import_clause (identifier) @name)) @import
(import_specifier name: (_) @name !alias) @part
(import_specifier alias: (_) @name) @part
(namespace_import (identifier) @name) @part
(lexical_declaration (variable_declarator name: (_) @name
  value: (call_expression function: (identifier) @word))) @import
