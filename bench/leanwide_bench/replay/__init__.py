"""Prepared typing, played through the real server."""
