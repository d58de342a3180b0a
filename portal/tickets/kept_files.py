"""Files that stand or fall with the transaction that tells of them: attachments, uploads, packs.

Where they lie and what they are called is each owner's own. The invariants: a file is whole on the disk, and
readable by the service alone, before a row says that it is there; what is rolled back, in a savepoint or
altogether, leaves nothing behind; nothing is removed before it is certain that no row tells of it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO

from sqlalchemy import event
from sqlalchemy.orm import Session

AT_ONCE = 1 << 20


def keep(session: Session, path: Path, content: IO[bytes]) -> None:
    """Write a new file; one of this name must not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        shutil.copyfileobj(content, file, AT_ONCE)
        file.flush()
        os.fsync(handle)
    _when_certain(session, undone=lambda: path.unlink(missing_ok=True))


def let_go(session: Session, path: Path) -> None:
    """Remove a file that no row tells of any more."""
    _when_certain(session, stands=lambda: path.unlink(missing_ok=True))


def _nothing() -> None: ...


def _when_certain(
    session: Session, *, stands: Callable[[], None] = _nothing, undone: Callable[[], None] = _nothing
) -> None:
    """Do one of the two, once: a savepoint that is released has decided nothing yet."""
    around, transaction = [], session.get_nested_transaction()
    while transaction is not None:
        around.append(transaction)
        transaction = transaction.parent
    pending = [True]

    def committed(session: Session) -> None:
        if pending and session.get_nested_transaction() is None:
            pending.clear()
            stands()

    def rolled_back(session: Session) -> None:
        nested = session.get_nested_transaction()
        if pending and (nested is None or nested in around):
            pending.clear()
            undone()

    event.listen(session, "after_commit", committed)
    event.listen(session, "after_rollback", rolled_back)
