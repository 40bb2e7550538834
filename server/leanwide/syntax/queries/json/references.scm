(pair key: (string (string_content) @reference))
