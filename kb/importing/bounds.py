"""How much may come out of one file, whatever its packing makes of it.

The invariant: a gzip bomb ends as a sentence, after no more than the limit.
"""

from __future__ import annotations

import io
from typing import IO, Any

from indexer.words import N_
from kb.importing.outcome import BadFile


class Bounded(io.RawIOBase):
    """Another stream, read until ``limit`` bytes have come out of it. ``name`` is for people."""

    def __init__(self, stream: IO[bytes], name: str, *, limit: int) -> None:
        self._stream, self._name, self._limit, self._left = stream, name, limit, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._name, self._limit)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def too_large(name: str, limit: int) -> BadFile:
    return BadFile(N_("%(name)s 超过 %(limit)s MB，请分成几个文件。") % {"name": name, "limit": limit >> 20})
