"""Merging records: what hangs on the duplicate moves along, and comes back when that is taken back."""
