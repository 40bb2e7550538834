"""Measurements: benchmarks, synthetic models, reports. Nothing but the program imports it."""
