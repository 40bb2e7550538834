"""Model files of random weights in the shape of real ones."""
