(using_directive (_) @name) @import
