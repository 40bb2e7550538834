"""Model files: their headers, whether they fit a machine, where to get them; the embedded model."""
