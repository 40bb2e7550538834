(use_declaration) @import
(use_declaration argument: (identifier) @name) @import
(use_declaration argument: (scoped_identifier name: (_) @name)) @import
(use_declaration argument: (use_as_clause alias: (_) @name)) @import
(use_list (identifier) @name) @part
(use_list (scoped_identifier name: (_) @name)) @part
(use_list (use_as_clause alias: (_) @name)) @part
(extern_crate_declaration name: (_) @name) @import
