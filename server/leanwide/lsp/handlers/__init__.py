"""One short function per LSP method: take a snapshot, call a feature, convert the result."""
