"""Next edits, measured at what authors did next: in releases, in commits and in own scenarios."""
