"""What may be read and shown: exclusions, ignore files, the one reader of workspace files."""
