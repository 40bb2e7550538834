"""Questions to the model: explain, chat, and what edits share with them."""
