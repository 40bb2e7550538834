"""How many suggestions and edits are shown, accepted and kept: counts for the user alone."""
