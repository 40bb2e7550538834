"""Use cases, free of any protocol: what leanwide does for the person at the editor."""
