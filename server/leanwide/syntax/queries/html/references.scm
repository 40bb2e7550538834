(tag_name) @reference
(attribute_name) @reference
