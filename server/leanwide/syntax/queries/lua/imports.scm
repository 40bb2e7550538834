(variable_declaration (assignment_statement (variable_list name: (_) @name)
  (expression_list value: (function_call name: (identifier) @word))) @item) @import
