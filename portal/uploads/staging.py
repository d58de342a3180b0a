"""Uploads that wait to be imported: kept under names of our own, and only as long as the import needs them.

The invariant: an upload whose import is over, was forgotten or was never written down is removed.
"""

from __future__ import annotations

import io
import re
import secrets
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.importing.outcome import BadFile
from portal.config import Settings
from portal.tickets.kept_files import keep, let_go
from portal.uploads.models import Import

OURS = re.compile(r"[0-9a-f]{40}")
OLD = timedelta(hours=24)
GONE = N_("上传的文件已经不在了，请重新上传。")


def folder_of(settings: Settings) -> Path:
    return settings.data_dir / "imports"


def path_of(row: Import, settings: Settings) -> Path | None:
    """Where the upload lies; None when it is no longer kept."""
    return folder_of(settings) / row.stored_as if row.stored_as else None


def at_hand(row: Import, settings: Settings) -> Path:
    """Where the upload lies; raises :class:`BadFile` when it lies there no longer."""
    path = path_of(row, settings)
    if path is None or not path.is_file():
        raise BadFile(GONE)
    return path


def stage(session: Session, content: bytes, settings: Settings) -> str:
    """Keep an upload and give its name; it goes again when the transaction is rolled back."""
    name = secrets.token_hex(20)
    keep(session, folder_of(settings) / name, io.BytesIO(content))
    return name


def drop(session: Session, row: Import, settings: Settings) -> None:
    """Let an upload go; its bytes are removed once that is certain."""
    path = path_of(row, settings)
    row.stored_as = None
    if path is not None:
        let_go(session, path)


def sweep(session: Session, settings: Settings, *, now: float) -> int:
    """Remove what a killed server left behind; ``now`` in seconds of the file system's clock."""
    folder = folder_of(settings)
    if not folder.is_dir():
        return 0
    known = set(session.scalars(select(Import.stored_as).where(Import.stored_as.is_not(None))))
    before = now - OLD.total_seconds()
    lost = [
        path
        for path in folder.iterdir()
        if OURS.fullmatch(path.name) and path.name not in known and path.stat().st_mtime < before
    ]
    for path in lost:
        path.unlink(missing_ok=True)
    return len(lost)
