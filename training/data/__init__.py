"""What the model learns from and is measured on: files, samples, tokens. Needs no PyTorch."""
