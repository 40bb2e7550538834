(block_mapping_pair key: (_) @reference)
(alias_name) @reference
