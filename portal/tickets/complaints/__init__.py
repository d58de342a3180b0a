"""Complaints about a closed ticket: filed from it, answered in writing, not by those who handled it."""
