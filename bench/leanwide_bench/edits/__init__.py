"""Edits over LSP and by the bare model, judged by rules."""
