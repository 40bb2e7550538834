"""leanwide: a language server that runs a local Mixture-of-Experts model, lean or wide."""

__version__ = "0.2.0"
