"""``leanwide bench``, one file per command."""
