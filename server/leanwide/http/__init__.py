"""The HTTP edge: an endpoint for clients that speak HTTP instead of LSP. Alone imports h11."""
