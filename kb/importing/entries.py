"""One file among others: its path, its size, how it is opened. Where it lies, on disk or in an archive,
is for ``folders`` and ``archives`` to know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True, slots=True)
class Entry:
    """A file. ``path`` has forward slashes and begins at the top of its folder; ``size`` is in bytes."""

    path: str
    size: int
    open: Callable[[], IO[bytes]]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    def read(self, limit: int) -> bytes | None:
        """Everything in it; None when that is more than ``limit`` bytes, whatever ``size`` claims."""
        if self.size > limit:
            return None
        with self.open() as stream:
            content = stream.read(limit + 1)
        return content if len(content) <= limit else None


#: What a link of a row leads to; None when there is no such file.
Find = Callable[[str], Entry | None]
