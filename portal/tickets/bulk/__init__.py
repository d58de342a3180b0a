"""One deed for many tickets: chosen, previewed, applied in parts, reported, taken back.

The invariant: a bulk deed can do nothing that the same person could not do ticket by ticket. Every ticket
goes through the desk's own verbs, with the version that was seen; the sentence of each refusal is kept.
"""
