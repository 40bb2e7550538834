"""Many typists at once, each with a server, on one shared engine."""
