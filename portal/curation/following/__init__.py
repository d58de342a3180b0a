"""Readers who follow an article: kept in ``follows``, and told by ``news`` when it changes considerably."""
