"""Uploads are read and worked off by the worker: large ones, and what was left alone."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from sqlalchemy.orm import Session, sessionmaker

from indexer.words import N_
from kb.columns import now
from kb.importing.outcome import BadFile
from portal.causes.imports.bringer import DEFECTS
from portal.cli.place import moment
from portal.config import Settings
from portal.curation.imports.bringer import ARTICLES
from portal.db import transaction
from portal.tickets.scanning import ScannerAway, scanner_from
from portal.uploads import job, staging, standing
from portal.uploads.bringing import Seen
from portal.uploads.models import Import, Kind, Phase
from portal.uploads.parts import carry_on

#: Each part is a transaction of its own; a round that does more would hold up the other jobs.
PARTS_A_ROUND = 10
BRINGERS = {Kind.ARTICLES: ARTICLES, Kind.DEFECTS: DEFECTS}
_LOG = logging.getLogger(__name__)


def read_uploads(settings: Settings, maker: sessionmaker[Session]) -> bool:
    """Read the next upload, without the write lock; was there one?"""
    with maker() as session:
        number = standing.to_read(session)
        found = _read(session, session.get_one(Import, number), settings) if number is not None else None
    if number is None or found is None:
        return False
    with transaction(maker) as session:
        row = session.get_one(Import, number)
        session.refresh(row, ["phase"], with_for_update=True)
        if row.phase != Phase.READING:
            return False
        if isinstance(found, str):
            job.fail(session, row, found, settings)
        else:
            job.note(session, row, found)
    return True


def _read(session: Session, row: Import, settings: Settings) -> Seen | str | None:
    """What it brings, the sentence why it can't be used, or None when it is not to be read yet."""
    try:
        if finding := _scanned(row, settings):
            return finding
        found = BRINGERS[row.kind].read(session, row, settings)
    except ScannerAway as trouble:
        _LOG.warning("import %d waits for the scanner: %s", row.id, trouble)
        return None
    except BadFile as fault:
        return str(fault)
    session.expunge_all()
    return found


def _scanned(row: Import, settings: Settings) -> str:
    scanner, path = scanner_from(settings.virus_scan), staging.path_of(row, settings)
    finding = scanner(path.read_bytes()) if scanner and path and path.is_file() else ""
    return N_("文件没有通过安全检查（%(finding)s），没有导入。") % {"finding": finding} if finding else ""


def carry_imports_on(settings: Settings, maker: sessionmaker[Session]) -> int:
    """Do the next parts of what was left alone; returns how many."""
    done = 0
    with maker() as session:  # without the write lock: most of the time there is nothing
        number = row.id if (row := standing.left_alone(session, moment())) else None
    while number is not None and done < PARTS_A_ROUND and _part(maker, number, settings):
        done += 1
    return done


def _part(maker: sessionmaker[Session], number: int, settings: Settings) -> bool:
    """One part; False when nothing of it is left."""
    with transaction(maker) as session:
        row = session.get_one(Import, number)
        before = row.phase
        carry_on(session, row, settings, bringer=BRINGERS[row.kind])
        return row.phase == before


def forget_imports(settings: Settings, maker: sessionmaker[Session]) -> None:
    """Drop uploads that were never confirmed, and files that a killed server left behind."""
    with transaction(maker) as session:
        standing.forget_unused(session, settings, now(session))
        staging.sweep(session, settings, now=datetime.now(UTC).timestamp())
