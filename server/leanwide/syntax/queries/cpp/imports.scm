(using_declaration (_) @shared) @import
