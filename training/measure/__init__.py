"""What the model is worth: evaluation, comparisons, baselines, the model card."""
