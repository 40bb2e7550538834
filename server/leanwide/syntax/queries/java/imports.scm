(import_declaration (scoped_identifier name: (_) @name)) @import
(import_declaration (identifier) @name) @import
(package_declaration) @import
