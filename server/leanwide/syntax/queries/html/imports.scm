(element (start_tag (tag_name) @word)) @import
(script_element (start_tag (attribute (attribute_name) @word))) @import
