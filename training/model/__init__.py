"""The model, its training loop, and the way to a GGUF file and back."""
