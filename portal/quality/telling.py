"""Who hears of a score: the inspected person of the result, whoever scored of the appeal, both of its end."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.quality.models import Appeal, Inspection, Score
from portal.quality.words import VERDICT_LABELS
from portal.tickets.clocks import ZONE
from portal.tickets.notices import Event, tell

NOTE = 120


def scored(session: Session, row: Inspection, written: Score) -> None:
    until = row.appeal_until.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") if row.appeal_until else ""
    values = {"score": points(written.tenths), "level": written.level, "until": until}
    _tell(session, row, Event.INSPECTED, to={row.agent_id}, by=written.by, **values)


def appealed(session: Session, row: Inspection, filed: Appeal, *, by: Person) -> None:
    to = {given.by_id for given in row.scores}
    _tell(session, row, Event.APPEALED, to=to, by=by, note=filed.reason[:NOTE])


def decided(session: Session, row: Inspection, filed: Appeal, *, by: Person) -> None:
    assert filed.verdict is not None  # it has just been decided
    to = {row.agent_id, *(given.by_id for given in row.scores)}
    values = {"verdict": VERDICT_LABELS[filed.verdict], "note": filed.answer[:NOTE]}
    _tell(session, row, Event.APPEAL_DECIDED, to=to, by=by, **values)


def points(tenths: int) -> str:
    """A total as people write it."""
    whole, rest = divmod(tenths, 10)
    return f"{whole}.{rest}" if rest else str(whole)


def _tell(
    session: Session, row: Inspection, event: Event, *, to: set[int], by: Person, **values: str
) -> None:
    common = {
        "by": by.name,
        "number": row.ticket.number,
        "title": row.ticket.title,
        "inspection": str(row.id),
    }
    tell(session, event, to=to, values={**common, **values}, ticket=row.ticket, by=by)
