(command name: (command_name) @word . argument: (_) @shared) @import
