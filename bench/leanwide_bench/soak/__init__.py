"""Hours of mixed work against the real server, with readings of what its processes hold."""
