"""What drafts are worth: answers whose share of right drafts is forced, and real edits."""
