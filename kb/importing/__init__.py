"""Bringing rows in from files: reading, renaming, checking, and loading articles.

Loaders above (defects, people, catalogue, tickets) use the same reader, plan and report. Nothing here
commits, and nothing names a data set. The invariant: a bad row is told by its place and its reason,
and never half loaded.
"""
