"""Questions to the model that a user waits for: explain and chat, and what edits ask."""
