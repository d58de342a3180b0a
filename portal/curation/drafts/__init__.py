"""Drafts that grow from tickets: put together out of their sentences, each with where it came from."""
