(import_statement (_) @name) @import
