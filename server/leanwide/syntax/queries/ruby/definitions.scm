(method name: (_) @name) @definition.method
(method name: (_) @name body: (_) @body) @definition.method
(singleton_method name: (_) @name) @definition.method
(singleton_method name: (_) @name body: (_) @body) @definition.method
(class name: (_) @name) @definition.class
(class name: (_) @name body: (_) @body) @definition.class
(module name: (_) @name) @definition.module
(module name: (_) @name body: (_) @body) @definition.module
