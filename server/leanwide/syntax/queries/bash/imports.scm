(command name: (command_name) @word . argument: (_) @name) @import
