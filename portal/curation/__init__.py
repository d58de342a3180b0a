"""Keeping the knowledge base true and whole: what decays, what is missing, what a draft grows from.

Above the finder, because it reads what people searched and were shown; no page and no figure lives here.
"""
