"""Modes, profiles and budgets, and the router that chooses among them. Pure."""
