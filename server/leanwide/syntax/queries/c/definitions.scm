(function_definition declarator: (_) @name body: (_) @body) @definition.function
(declaration declarator: (function_declarator) @name) @definition.function
(declaration declarator: (pointer_declarator declarator: (function_declarator)) @name) @definition.function
(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.struct
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(type_definition declarator: (_) @name) @definition.type
(type_definition type: (_ body: (_) @body) declarator: (_) @name) @definition.struct
(preproc_function_def name: (_) @name) @definition.macro
(preproc_def name: (_) @name) @definition.macro
