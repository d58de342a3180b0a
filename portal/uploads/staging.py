"""Uploads that wait to be imported: kept under names of our own, and only as long as the import needs them.

The invariant: an upload whose import is over, was forgotten or was never written down is removed.
"""

from __future__ import annotations

import os
import re
import secrets
from datetime import timedelta
from pathlib import Path

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from indexer.words import N_
from portal.config import Settings
from portal.uploads.models import Import

OURS = re.compile(r"[0-9a-f]{40}")
OLD = timedelta(hours=24)
GONE = N_("上传的文件已经不在了，请重新上传。")


def folder_of(settings: Settings) -> Path:
    return settings.data_dir / "imports"


def path_of(row: Import, settings: Settings) -> Path | None:
    """Where the upload lies; None when it is no longer kept."""
    return folder_of(settings) / row.stored_as if row.stored_as else None


def stage(session: Session, content: bytes, settings: Settings) -> str:
    """Keep an upload and give its name; it goes again when the transaction is rolled back."""
    name = secrets.token_hex(20)
    path = folder_of(settings) / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    kept: list[bool] = []
    event.listen(session, "after_commit", lambda _session: kept.append(True))
    event.listen(session, "after_rollback", lambda _session: None if kept else path.unlink(missing_ok=True))
    return name


def drop(session: Session, row: Import, settings: Settings) -> None:
    """Let an upload go; its bytes are removed once that is certain."""
    path = path_of(row, settings)
    row.stored_as = None
    if path is not None:
        event.listen(session, "after_commit", lambda _session: path.unlink(missing_ok=True), once=True)


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
