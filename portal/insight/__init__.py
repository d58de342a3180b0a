"""Figures of the desk: pure queries that return values."""
