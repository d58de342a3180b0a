"""Which version of a system came when: noted as the catalogue shows it, so that a newer one is noticed.

The catalogue says what runs today. The invariant: a version that was there when somebody first looked is no
news to anybody; every later one has the moment from which it ran somewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.signatures import version_key
from portal.catalogue.models import Deployment, System
from portal.catalogue.queries import ZONE, running, today
from portal.curation.decay.models import SystemRelease
from portal.curation.rounds import RELEASES, begun


def note_releases(session: Session, at: datetime) -> int:
    """Write down the versions that were not there at the last look; how many."""
    begun(session, RELEASES).at = at
    rows = list(session.scalars(select(SystemRelease)))
    noted, looked_at = {(row.system, row.version) for row in rows}, {row.system for row in rows}
    fresh = {key: since for key, since in _running(session).items() if key not in noted}
    for (system, version), since in fresh.items():
        seen = since or (at if system in looked_at else None)
        session.add(SystemRelease(system=system, version=version, since=seen))
    session.flush()
    return len(fresh)


def _running(session: Session) -> dict[tuple[str, str], datetime | None]:
    """(system, version) → the earliest known beginning of everything that runs anywhere today."""
    found: dict[tuple[str, str], datetime | None] = {}
    for system, version, since in _everywhere(session):
        if version_key(version):
            known = found.get((system, version))
            found[system, version] = min(known, since) if known and since else known or since
    return found


def _everywhere(session: Session) -> Iterator[tuple[str, str, datetime | None]]:
    for code, version in session.execute(select(System.code, System.version)):
        yield code, version, None
    day = today(session)
    for code, row in session.execute(
        select(System.code, Deployment).join(Deployment, Deployment.system_id == System.id)
    ):
        planned = row.next_on is not None and row.next_on <= day
        since = row.next_on if planned else row.since
        yield code, running(row, day), datetime.combine(since, time(), ZONE) if since else None


@dataclass(frozen=True, slots=True)
class Releases:
    """Every noted version by system, the oldest first."""

    rows: dict[str, list[SystemRelease]]

    @classmethod
    def of(cls, session: Session) -> Releases:
        found: dict[str, list[SystemRelease]] = {}
        for row in session.scalars(select(SystemRelease)):
            found.setdefault(row.system, []).append(row)
        for rows in found.values():
            rows.sort(key=lambda row: version_key(row.version))
        return cls(found)

    def passed(self, system: str | None, since: datetime) -> dict[str, Any]:
        """The newest version then and now, when a newer one has come since; else nothing."""
        rows = self.rows.get(system or "", [])
        then = [row for row in rows if row.since is None or row.since <= since]
        if not then or version_key(rows[-1].version) <= version_key(then[-1].version):
            return {}
        return {"version_then": then[-1].version, "version_now": rows[-1].version}
