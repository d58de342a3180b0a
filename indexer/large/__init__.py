"""The word index for large desks: tantivy keeps the postings, and nobody outside this folder imports it.

It is given our own terms, already cut, and never a word of a query language. tantivy proposes the
documents worth a look (`proposing.py`), by terms whose postings together stay within a budget; each
document brings its own counts with it (`indexer/packed.py`), so that the proposed ones are scored by the
same formula as everywhere. Invariant: only proposed places inside the mask are read, and where fewer
documents may be seen than would be proposed, all of them are.
"""
