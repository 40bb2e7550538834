"""Model files: what they say of themselves, and the one that ships with leanwide."""
