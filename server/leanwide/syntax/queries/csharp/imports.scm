(using_directive !name (_) @shared) @import
(using_directive name: (_) @name) @import
