"""Files brought in on a page: uploaded, read, previewed, confirmed, done in parts, taken back.

What is in a file, and what its writing and taking back mean, is a :class:`bringing.Bringer` of the floor
above: articles in ``curation.imports``, defect records in ``causes.imports``. The invariant: an import
is seen by whoever brought it and nobody else, and nothing of it is written before it was confirmed.
"""
