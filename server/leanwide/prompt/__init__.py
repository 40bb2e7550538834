"""Prompts, laid out by the model's own metadata. Pure."""
