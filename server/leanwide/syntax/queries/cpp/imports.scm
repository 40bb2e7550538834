(using_declaration (_) @name) @import
