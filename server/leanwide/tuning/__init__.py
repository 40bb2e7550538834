"""What fits a model, a machine and the user's code: measured and decided."""
