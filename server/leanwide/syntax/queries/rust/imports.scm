(use_declaration) @import
(use_declaration argument: (identifier) @name) @import
(use_declaration argument: (scoped_identifier name: (_) @name)) @import
(use_declaration argument: (use_as_clause alias: (_) @name)) @import
(use_list (identifier) @name) @part
(use_list (scoped_identifier name: (_) @name)) @part
(use_list (use_as_clause alias: (_) @name)) @part
(use_list (use_wildcard) @item) @part
(scoped_use_list path: (identifier) @name list: (use_list (self) @item)) @part
(scoped_use_list path: (scoped_identifier name: (_) @name) list: (use_list (self) @item)) @part
(extern_crate_declaration name: (_) @name !alias) @import
(extern_crate_declaration alias: (_) @name) @import
