"""Benchmarks, and models made for them. They come with a checkout, not with the wheel."""
