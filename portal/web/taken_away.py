"""What is on the page, to be taken away as a file: written beside the answer, named, and handed over whole.

What stands in it is each page's own; how a table is written, and its cells guarded, is in ``kb.exporting``.
The invariant: nobody holds more of a file in memory than a little, whatever its length.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast

from flask import send_file
from werkzeug.wrappers import Response

from kb.exporting.files import WRITERS

IN_MEMORY = 4 * 1024 * 1024
CSV = "text/csv; charset=utf-8"
#: The tables that a spreadsheet opens.
TYPES = {"csv": CSV, "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@dataclass(frozen=True, slots=True)
class Taken:
    """``count``: how many things it holds, for the audit."""

    file: IO[bytes]
    media: str
    count: int

    def called(self, name: str) -> Response:
        return send_file(self.file, self.media, as_attachment=True, download_name=name)


def taken(media: str, write: Callable[[IO[bytes]], int]) -> Taken:
    """``write`` returns how many it wrote."""
    file = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the answer closes it
    count = write(file)
    file.seek(0)
    return Taken(file, media, count)


def table(kind: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Taken:
    """``kind`` is one of ``TYPES``."""
    return taken(TYPES[kind], lambda file: WRITERS[kind](file, columns, rows))
