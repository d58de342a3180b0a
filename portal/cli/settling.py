"""A server process that has loaded everything tells the garbage collector to leave that alone.

Tables, templates, the encoder and the libraries below it are half a million objects which live as long as
the process. Looking through them took 150 to 190 ms, now and then, in the middle of somebody's answer.
The invariant: nothing is collected later than it would have been, but for cycles made while starting.
"""

from __future__ import annotations

import gc
import threading

from indexer.index import Index

LONGEST_S = 300.0


def settle(index: Index) -> None:
    """Now, and once more when the encoder is there; returns at once."""
    _freeze()
    threading.Thread(target=_when_loaded, args=(index,), name="settling", daemon=True).start()


def _when_loaded(index: Index) -> None:
    if index.embedder is not None and index.embedder.wait(LONGEST_S):
        _freeze()


def _freeze() -> None:
    gc.collect()
    gc.freeze()
