"""One engine process for all editor windows of a user: how servers find and start it."""
