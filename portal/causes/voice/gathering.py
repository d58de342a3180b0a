"""The reports of every system, put together from what was counted.

States, recurrences and verdicts are those at the end of the period, read off the records' moves, so that a
report made late says the same as one made in time; who is parked, and what is key by when, is as it is now.
Every linked ticket counts; tickets themselves are shown nowhere in a report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.flow import OPEN, DefectAction, DefectState
from defects.models import DefectMove
from portal.catalogue.models import System
from portal.causes.voice.counting import NO_TICKETS, NOTHING, Counted, Record, Span
from portal.causes.voice.report import Change, Line, Report, Sums
from portal.causes.voice.stretches import Stretch

ENDED = (DefectState.VERIFIED, DefectState.CLOSED)
NOTE_SHOWN = 160


def gathered(
    session: Session, stretch: Stretch, *, zone: ZoneInfo, upto: datetime | None = None, system: str = ""
) -> dict[str, Report]:
    """Every system's report by the system's code; ``upto``: the period is not over, count to this moment."""
    end = stretch.until(zone)
    span = Span(stretch, zone, min(end, upto) if upto else end, system)
    counted = Counted.of(session, span)
    records: dict[str, list[Record]] = {}
    for record in counted.records:
        records.setdefault(record.system, []).append(record)
    codes = [system] if system else _systems(session)
    reports = (_report(code, records.get(code, []), counted, span) for code in codes)
    return {report.system: report for report in reports}


def _systems(session: Session) -> list[str]:
    return list(session.scalars(select(System.code).where(System.active).order_by(System.group, System.id)))


def _report(code: str, records: Sequence[Record], counted: Counted, span: Span) -> Report:
    lines = tuple(_line(record, counted, span) for record in records)
    changes = _changes(records, counted, span)
    sums = _sums(code, lines, records, counted=counted, span=span)
    return Report(code, span.stretch, span.day_after, sums, lines, changes).trimmed()


def _recurred(steps: Mapping[DefectAction, int]) -> int:
    """Recurrences that were no false alarm."""
    return max(0, steps.get(DefectAction.RECUR, 0) - steps.get(DefectAction.RETRACT, 0))


def _line(record: Record, counted: Counted, span: Span) -> Line:
    tickets = counted.tickets.get(record.id, NO_TICKETS)
    steps = Counter(move.action for move in counted.moves.get(record.id, ()) if move.at >= span.since)
    life = {action: counted.life.get((record.id, action), 0) for action in DefectAction}
    is_open = record.state in OPEN
    return Line(
        number=record.number,
        title=record.title,
        state=record.state,
        severity=record.severity,
        opened_on=span.day(record.created_at),
        age=(span.day_after - span.day(record.created_at)).days,
        module=record.module,
        key=record.key,
        due_on=record.due_on,
        tickets=tickets.now,
        before=tickets.before,
        total=tickets.total,
        recurrences=_recurred(life),
        recurred=_recurred(steps),
        failures=life[DefectAction.FAIL],
        failed=steps[DefectAction.FAIL],
        returned=counted.returned_of(record),
        parked=tickets.parked,
        middle=record.middle,
        back=record.back,
        open=is_open,
        overdue=_is_overdue(record, span, is_open=is_open),
    )


def _is_overdue(record: Record, span: Span, *, is_open: bool) -> bool:
    return is_open and record.key and record.due_on is not None and record.due_on < span.day_after


def _changes(records: Sequence[Record], counted: Counted, span: Span) -> tuple[Change, ...]:
    """What happened to the records, the latest first."""
    found: list[tuple[tuple[datetime, int], Change]] = []
    for record in records:
        if record.created_at >= span.since:
            opened = Change(record.number, record.title, span.day(record.created_at))
            found.append(((record.created_at, 0), opened))
        for move in counted.moves.get(record.id, ()):
            if move.at >= span.since:
                note = move.note[:NOTE_SHOWN]
                step = Change(record.number, record.title, span.day(move.at), move.action, note)
                found.append(((move.at, move.id), step))
    return tuple(change for _, change in sorted(found, key=lambda pair: pair[0], reverse=True))


def _ends(move: DefectMove) -> bool:
    """Is a problem gone with this step? Taking back a false alarm ends nothing."""
    return move.end in ENDED and move.start not in ENDED and move.action != DefectAction.RETRACT


def _sums(
    code: str, lines: Sequence[Line], records: Sequence[Record], *, counted: Counted, span: Span
) -> Sums:
    moves = [move for record in records for move in counted.moves.get(record.id, ())]
    earlier = Counter(move.action for move in moves if move.at < span.before_until)
    ends = [move for move in moves if move.at >= span.since and _ends(move)]
    returned, returned_before = counted.returns(code)
    unlinked, unlinked_before = counted.unlinked.get(code, NOTHING)
    return Sums(
        open=sum(line.open for line in lines),
        opened=sum(record.created_at >= span.since for record in records),
        ended=len(ends),
        tickets=sum(line.tickets for line in lines),
        tickets_before=sum(line.before for line in lines),
        recurred=sum(line.recurred for line in lines),
        recurred_before=_recurred(earlier),
        failed=sum(line.failed for line in lines),
        failed_before=earlier[DefectAction.FAIL],
        returned=returned,
        returned_before=returned_before,
        parked=sum(line.parked for line in lines),
        overdue=sum(line.overdue for line in lines),
        unlinked=unlinked,
        unlinked_before=unlinked_before,
        groups=counted.groups.get(code, 0),
    )
