(import_statement (_) @shared) @import
