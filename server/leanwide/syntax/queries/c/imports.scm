(preproc_include path: (_) @shared) @import
