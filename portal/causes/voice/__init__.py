"""The voice of the problems to those responsible: a report for each system, made when its period is over.

A report is values that are counted once and kept as they were sent; opening an old one counts nothing. Pages
and the worker's job live above. The invariant: what somebody was told of can be opened again unchanged.
"""
