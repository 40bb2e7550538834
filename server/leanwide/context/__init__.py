"""What of the workspace goes into a prompt, counted in tokens. Pure."""
