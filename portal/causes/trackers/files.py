"""A tracker's file on the disk: the name it came with and where it lies, read within limits, unpacked or not.

The invariant: nothing unpacks to more than a file may hold, and what can't be read is one sentence.
"""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from indexer.words import N_
from kb.importing.bounds import Bounded, too_large
from kb.importing.outcome import BadFile

LARGEST = 512 * 1024 * 1024
LARGEST_TABLE = 256 * 1024 * 1024
LOOKED_AT = 64
PACKED = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class File:
    """``name`` is for people; where it lies, an upload has a name of our own."""

    name: str
    path: Path

    @property
    def stem(self) -> str:
        return self.name.partition(".")[0] or self.name

    @property
    def is_packed(self) -> bool:
        with self.path.open("rb") as stream:
            return self.name.lower().endswith(".gz") or stream.read(len(PACKED)) == PACKED

    def start(self) -> bytes:
        """The first bytes that say something."""
        with self.opened() as stream:
            return self._guarded(stream, LOOKED_AT).lstrip(b"\xef\xbb\xbf \t\r\n")

    def opened(self) -> IO[bytes]:
        raw: Any = gzip.open(self.path, "rb") if self.is_packed else self.path.open("rb")  # noqa: SIM115 - the caller closes it
        return io.BufferedReader(Bounded(raw, self.name, limit=LARGEST))

    def whole(self, limit: int = LARGEST_TABLE) -> bytes:
        with self.opened() as stream:
            content = self._guarded(stream, limit + 1)
        if len(content) > limit:
            raise too_large(self.name, limit)
        return content

    def _guarded(self, stream: IO[bytes], size: int) -> bytes:
        try:
            return stream.read(size)
        except (OSError, EOFError, zlib.error) as fault:
            raise BadFile(N_("%(name)s 读不出来，可能没有下载完整。") % {"name": self.name}) from fault
