(bare_key) @reference
