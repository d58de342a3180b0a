"""Questions as vectors, within the patience of somebody who types.

An encoder that is a table answers at once. Any other gets a few hundredths of a second; after that
the search goes on with words alone, and the encoding is finished behind it and kept, so that the next
key finds it done. Invariant: no search ever waits longer than its patience, and none fails because
an encoder did.
"""

import logging
import math
import re
import threading
from collections import OrderedDict

from indexer.asked import LONGEST_QUESTION
from indexer.embedders import Embedder, Matrix

_LOG = logging.getLogger(__name__)
_KEPT = 1_000
_MOST_WAITING = 8
"""More than this and the oldest is given up: whoever asked has typed on."""
_CLAUSE_END = re.compile(r"[。！？!?；;\n，,]+")
_RAMBLING = 40
_SHORTEST_CLAUSE = 5
_MOST_CLAUSES = 24

_Key = tuple[str, str]


def normal(text: str) -> str:
    """What is encoded: spaces more or less are the same question."""
    return "\n".join(" ".join(line.split()) for line in text[:LONGEST_QUESTION].split("\n")).strip()


def parts_of(text: str) -> list[str]:
    """The whole question and, when it rambles, its sentences."""
    parts = [part for part in _CLAUSE_END.split(text) if len(part) >= _SHORTEST_CLAUSE]
    return [text, *parts[:_MOST_CLAUSES]] if len(text) > _RAMBLING and len(parts) > 1 else [text]


class Questions:
    """Those encoded lately, and one thread that encodes what nobody waited for."""

    def __init__(self, *, kept: int = _KEPT) -> None:
        self._kept = kept
        self._changed = threading.Condition()
        self._known: OrderedDict[_Key, Matrix] = OrderedDict()
        self._waiting: OrderedDict[_Key, Embedder] = OrderedDict()
        self._busy: _Key | None = None
        self._runs = False

    def encoded(self, text: str, embedder: Embedder, *, patience_ms: float) -> Matrix | None:
        """The whole question's vector and those of its sentences; None when it took too long or failed."""
        key = (embedder.name, normal(text))
        with self._changed:
            if (found := self._known.get(key)) is not None:
                self._known.move_to_end(key)
                return found
        if embedder.quick:
            return self._encode(key, embedder)
        with self._changed:
            self._want(key, embedder)
            self._changed.wait_for(lambda: not self._is_wanted(key), _seconds(patience_ms))
            return self._known.get(key)

    def _encode(self, key: _Key, embedder: Embedder) -> Matrix | None:
        try:
            found = embedder.encode_queries(parts_of(key[1]))
        except Exception:  # noqa: BLE001 - a foreign model may raise anything; words answer meanwhile
            _LOG.exception("the encoder %s failed on a question", embedder.name)
            return None
        with self._changed:
            self._known[key] = found
            if len(self._known) > self._kept:
                self._known.popitem(last=False)
        return found

    # ------------------------------------------------------------------ behind the searches

    def _is_wanted(self, key: _Key) -> bool:
        return key in self._waiting or key == self._busy

    def _want(self, key: _Key, embedder: Embedder) -> None:
        if key != self._busy:
            self._waiting[key] = embedder
            self._waiting.move_to_end(key)
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)
        if not self._runs:
            self._runs = True
            threading.Thread(target=self._run, name="questions", daemon=True).start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._runs = False
                    return
                self._busy, embedder = self._waiting.popitem()  # the latest: its asker is still there
                key = self._busy
            self._encode(key, embedder)
            with self._changed:
                self._busy = None
                self._changed.notify_all()


def _seconds(patience_ms: float) -> float | None:
    return None if math.isinf(patience_ms) else patience_ms / 1000.0
