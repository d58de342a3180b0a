"""The worker's jobs about files: those locked up are shown to the scanner, those nobody knows are removed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from sqlalchemy.orm import Session, sessionmaker

from portal.config import Settings
from portal.tickets import orphans
from portal.tickets.quarantine import judge_waiting
from portal.tickets.scanning import scanner_from

_LOG = logging.getLogger(__name__)


def scan_files(settings: Settings, maker: sessionmaker[Session]) -> None:
    """Ask the scanner, when there is one, about the files that wait for it."""
    scanner = scanner_from(settings.virus_scan)
    if scanner is not None:
        judge_waiting(maker, settings.upload_dir, scanner)


def tidy_files(settings: Settings, maker: sessionmaker[Session]) -> None:
    """Remove what a killed server left without a row."""
    with maker() as session:
        gone = orphans.sweep(session, settings.upload_dir, now=datetime.now(UTC).timestamp())
    if gone:
        _LOG.info("%d files without a row were removed", gone)
