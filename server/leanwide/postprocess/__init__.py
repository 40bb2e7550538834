"""Model text, prepared for the user: filters of completions, code of answers, edits. Pure."""
