"""How a prompt is laid out, from the model's own metadata. Pure."""
