(class_name) @reference
(id_name) @reference
(tag_name) @reference
(property_name) @reference
