"""Chooses the text of a prompt from documents and the workspace, counted in tokens. Pure."""
