"""Explanations under several system prompts, judged by a rule."""
