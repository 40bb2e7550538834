(import_declaration "import" . (scoped_identifier name: (_) @name) . ";") @import
(import_declaration "import" . (identifier) @name . ";") @import
(import_declaration "static" . (scoped_identifier name: (_) @shared) . ";") @import
(import_declaration (asterisk)) @import
(package_declaration) @import @package
