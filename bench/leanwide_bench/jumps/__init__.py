"""Measures jumps between the functions of an open file, and coming back to it later."""
