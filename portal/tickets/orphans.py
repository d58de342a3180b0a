"""Files on the disk that no row knows: a server that was killed between file and row leaves them.

The file is written first and the row after, so a row never lacks its file. The invariant: only names of our
own make, older than any request lives, are ever removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.tickets.models import Attachment
from portal.tickets.thumbnails import ENDING

OURS = re.compile(r"[0-9a-f]{40}(?:\.thumb)?|\.thumb-\w+")
OLD = timedelta(hours=24)


def sweep(session: Session, folder: Path, *, now: float) -> int:
    """Remove what nobody knows; ``now`` in seconds of the file system's clock. Returns how many."""
    gone = list(orphans(session, folder, before=now - OLD.total_seconds()))
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def orphans(session: Session, folder: Path, *, before: float) -> Iterator[Path]:
    """A folder at a time, so that memory does not grow with the desk."""
    for shelf in sorted(folder.glob("[0-9a-f][0-9a-f]")):
        old = [path for path in shelf.iterdir() if _is_old(path, before)]
        if old:
            known = _known(session, shelf.name)
            yield from (path for path in old if path.name.removesuffix(ENDING) not in known)


def _is_old(path: Path, before: float) -> bool:
    return bool(OURS.fullmatch(path.name)) and path.is_file() and path.stat().st_mtime < before


def _known(session: Session, shelf: str) -> set[str]:
    start = f"{shelf}/"
    rows = session.scalars(
        select(Attachment.stored_as).where(Attachment.stored_as >= start, Attachment.stored_as < f"{shelf}0")
    )
    return {name.removeprefix(start) for name in rows}
