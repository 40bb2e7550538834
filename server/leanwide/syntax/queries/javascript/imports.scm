(import_statement) @import
(import_statement (import_clause (identifier) @name)) @import
(import_specifier name: (_) @name !alias) @part
(import_specifier alias: (_) @name) @part
(namespace_import (identifier) @name) @part
(lexical_declaration (variable_declarator name: (identifier) @name
  value: (call_expression function: (identifier) @word))) @import
(lexical_declaration (variable_declarator
  name: (object_pattern (shorthand_property_identifier_pattern) @name)
  value: (call_expression function: (identifier) @word))) @import
(lexical_declaration (variable_declarator
  name: (object_pattern (pair_pattern value: (identifier) @name))
  value: (call_expression function: (identifier) @word))) @import
