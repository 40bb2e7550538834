"""Which files may be read and shown: exclusions, ignore files, the reader of workspace files."""
