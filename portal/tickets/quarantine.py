"""Files that nobody may have yet: locked up until a scanner has called them clean.

The bytes are read and judged outside any transaction, the verdict is written in one of its own. The
invariant: a file that was locked up is let out by a clean verdict and by nothing else.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import case, select
from sqlalchemy.orm import Session, sessionmaker

from kb.columns import now
from portal.db import transaction
from portal.tickets.file_types import Scan
from portal.tickets.models import Attachment
from portal.tickets.scanning import Scanner, ScannerAway

AT_ONCE = 10
LOST = "文件内容不在了"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    id: int
    stored_as: str


def waiting(session: Session) -> list[Waiting]:
    """What is to be judged next: what is locked up first, then what came before there was a scanner."""
    locked_first = case((Attachment.scan == Scan.PENDING, 0), else_=1)
    rows = session.execute(
        select(Attachment.id, Attachment.stored_as)
        .where(Attachment.scan.in_((Scan.PENDING, Scan.UNCHECKED)))
        .order_by(locked_first, Attachment.scan_tries, Attachment.id)
        .limit(AT_ONCE)
    )
    return [Waiting(*row) for row in rows]


def judge_waiting(maker: sessionmaker[Session], folder: Path, scanner: Scanner) -> int:
    """Ask the scanner about what waits; how many got a verdict. The others are asked about again later."""
    with maker() as session:
        batch = waiting(session)
    return sum(_judge(maker, one, folder / one.stored_as, scanner) for one in batch)


def _judge(maker: sessionmaker[Session], one: Waiting, path: Path, scanner: Scanner) -> bool:
    try:
        finding = scanner(path.read_bytes())
    except FileNotFoundError:
        finding = LOST
    except (ScannerAway, OSError) as trouble:
        _LOG.warning("no verdict on attachment %d yet: %s", one.id, trouble)
        _try_later(maker, one)
        return False
    with transaction(maker) as session:
        row = session.get(Attachment, one.id)
        if row is not None:
            judged(session, row, finding)
    return True


def _try_later(maker: sessionmaker[Session], one: Waiting) -> None:
    with transaction(maker) as session:
        row = session.get(Attachment, one.id)
        if row is not None:
            row.scan_tries += 1


def judged(session: Session, row: Attachment, finding: str) -> None:
    """Write the verdict down; no finding is clean."""
    row.scan = Scan.BLOCKED if finding else Scan.CLEAN
    row.finding, row.scanned_at = finding[:200], now(session)
    session.flush()
