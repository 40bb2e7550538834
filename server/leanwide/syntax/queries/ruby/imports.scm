(call method: (identifier) @word arguments: (argument_list (string (string_content) @shared))) @import
