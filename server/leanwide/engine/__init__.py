"""The engine: runs the model in a process of its own. Knows tokens, not documents."""
