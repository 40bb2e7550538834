"""Hours of mixed work against the real server, with a record of what it costs the machine."""
