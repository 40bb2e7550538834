"""Edits that a user asks for: refactor, document, fix, test."""
