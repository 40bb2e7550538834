(import_statement name: (dotted_name . (identifier) @name .)) @import
(import_statement name: (dotted_name . (identifier) @shared . (identifier)) @item) @import
(import_statement name: (aliased_import alias: (_) @name)) @import
(import_from_statement name: (dotted_name) @name) @import
(import_from_statement name: (aliased_import alias: (_) @name)) @import
(import_from_statement (wildcard_import) @everything) @import
(future_import_statement name: (_) @name) @import
