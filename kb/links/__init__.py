"""What articles point at: cross-links by number, addresses, files, and who points at whom.

``references`` reads the notation, ``noting`` keeps the table true, ``reading`` answers from it. The
invariant: the table says what the words of every article point at now; only ``noting`` writes it.
"""
