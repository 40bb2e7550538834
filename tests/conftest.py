"""Fixtures for every test: model files made on the spot, and servers on stdio."""
