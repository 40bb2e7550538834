"""leanwide's own settings against everything switched on."""
