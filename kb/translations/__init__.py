"""Translations and their originals: which revision of it a translation says, and what changed since.

The invariant: a translation is older only when the words of its original are other ones than those it
was made from.
"""
