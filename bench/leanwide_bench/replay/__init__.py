"""Prepared traces of typing, played through the real server."""
