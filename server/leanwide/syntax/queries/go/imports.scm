(import_declaration) @import
(import_spec) @item @part
(import_spec path: (_) @name !name) @part
(import_spec name: (package_identifier) @name) @part
