"""The text that the model learns from: fetched, judged, freed of copies and stored by package."""
