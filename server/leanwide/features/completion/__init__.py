"""Inline completion: what is shown while the user types, and what is prepared while they do not."""
