"""Issuing the reports of a period once, telling those responsible, and finding what was issued.

A period's reports are due from the first working hour after its end; a desk whose worker slept makes them up
in the next working hour, and never more than the last period's. The invariant: reports, the notices about
them and the mark that they were issued are one transaction, and the mark exists once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from indexer.words import N_
from portal.catalogue.models import System
from portal.catalogue.queries import systems_by_code
from portal.causes.voice.models import VoiceIssue, VoiceReport
from portal.causes.voice.readers import Reach, choices_of, responsible
from portal.causes.voice.report import Report, as_json, from_json
from portal.causes.voice.stretches import RHYTHM_LABELS, Rhythm, Stretch, stretch_of
from portal.delivery.languages import Say, language_of, speaker
from portal.people.models import Person, Unit
from portal.tickets.levels.book import book_of
from portal.tickets.notices import Event, tell
from portal.tickets.working_calendar import Calendar


def due(session: Session, moment: datetime, *, zone: ZoneInfo) -> list[Stretch]:
    """The periods whose reports are to be issued now: those just over, within working hours."""
    if not desk_calendar(session, moment).is_open(moment):
        return []
    today = moment.astimezone(zone).date()
    over = [stretch_of(rhythm, today).before for rhythm in Rhythm]
    return [stretch for stretch in over if session.get(VoiceIssue, (stretch.rhythm, stretch.first)) is None]


def desk_calendar(session: Session, moment: datetime) -> Calendar:
    """The calendar of the company as a whole."""
    top = session.scalar(select(Unit.code).where(Unit.parent_id.is_(None)).order_by(Unit.id).limit(1))
    return book_of(session).calendar([top] if top else [], moment)


def issue(
    session: Session, stretch: Stretch, reports: Mapping[str, Report], *, at: datetime, locale: str
) -> list[VoiceReport]:
    """Keep the reports that say something and tell those responsible; nothing when that was done before."""
    if session.get(VoiceIssue, (stretch.rhythm, stretch.first)) is not None:
        return []
    session.add(VoiceIssue(rhythm=stretch.rhythm, first=stretch.first, at=at))
    made = [_kept(report, at) for report in reports.values() if report.sums.says_something]
    session.add_all(made)
    session.flush()
    if made:
        _tell(session, stretch, made, reports, locale=locale)
    return made


def _kept(report: Report, at: datetime) -> VoiceReport:
    stretch = report.stretch
    return VoiceReport(
        rhythm=stretch.rhythm,
        first=stretch.first,
        after=stretch.after,
        system=report.system,
        at=at,
        content=as_json(report),
    )


# ── telling ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Letter:
    """What people who answer for the same systems and speak the same language are told alike."""

    locale: str
    systems: tuple[str, ...]


def _tell(
    session: Session,
    stretch: Stretch,
    made: Sequence[VoiceReport],
    reports: Mapping[str, Report],
    *,
    locale: str,
) -> None:
    ids = {row.system: row.id for row in made}
    names = systems_by_code(session)
    for turn, (letter, people) in enumerate(_letters(session, stretch, list(ids), locale=locale).items()):
        say = speaker(letter.locale)
        some = [reports[system] for system in letter.systems]
        values = {**_figures(some), **_leads(stretch, [ids[system] for system in letter.systems])}
        values["system"] = _called([names[system] for system in letter.systems], letter.locale, say=say)
        values |= {"rhythm": RHYTHM_LABELS[stretch.rhythm], "period": stretch.spoken()}
        # Robots hear of an issue once, not once for each group of readers.
        tell(session, Event.CAUSES_REPORT, to=people, values=values, outside=not turn)


def _letters(
    session: Session, stretch: Stretch, systems: Sequence[str], *, locale: str
) -> dict[_Letter, list[int]]:
    everybody: dict[Person, Reach] = responsible(session)
    wishes = choices_of(session, everybody.keys())
    found: dict[_Letter, list[int]] = {}
    for person, reach in everybody.items():
        theirs = tuple(reach.among(systems))
        if theirs and wishes[person.id] == stretch.rhythm.value:
            found.setdefault(_Letter(language_of(person, locale), theirs), []).append(person.id)
    return found


def _called(systems: Sequence[System], locale: str, *, say: Say) -> str:
    if len(systems) > 1:
        return say(N_("%(count)s 个系统"), count=len(systems))
    return systems[0].name_en if locale.startswith("en") and systems[0].name_en else systems[0].name


def _figures(reports: Sequence[Report]) -> dict[str, str]:
    names = ("open", "tickets", "recurred", "failed", "overdue")
    return {name: str(sum(getattr(report.sums, name) for report in reports)) for name in names}


def _leads(stretch: Stretch, ids: Sequence[int]) -> dict[str, str]:
    """Where the notice leads: to the report, or to the list of that period."""
    if len(ids) == 1:
        return {"report": str(ids[0])}
    return {"reports": f"{stretch.rhythm}/{stretch.first.isoformat()}"}


# ── what was issued ──────────────────────────────────────────────────────────────────────────────


def report_of(row: VoiceReport) -> Report:
    """What was said then, unchanged."""
    return from_json(row.system, Stretch(row.rhythm, row.first, row.after), row.content)


def reports_in(reach: Reach, *, system: str = "", rhythm: Rhythm | None = None) -> Select[VoiceReport]:
    """The reports that somebody may read, the latest period first."""
    wanted = select(VoiceReport).order_by(VoiceReport.first.desc(), VoiceReport.id)
    if not reach.everything:
        wanted = wanted.where(VoiceReport.system.in_(sorted(reach.systems)))
    if system:
        wanted = wanted.where(VoiceReport.system == system)
    return wanted.where(VoiceReport.rhythm == rhythm) if rhythm else wanted


def report_seen(session: Session, reach: Reach, number: int) -> VoiceReport | None:
    """One of them; None for what there isn't or what is not theirs."""
    row = session.get(VoiceReport, number)
    return row if row is not None and reach.holds(row.system) else None


def neighbours(session: Session, row: VoiceReport) -> tuple[int | None, int | None]:
    """The ids of the same system's reports before and after this one, of the same rhythm."""
    same = select(VoiceReport.id).where(VoiceReport.system == row.system, VoiceReport.rhythm == row.rhythm)
    earlier = same.where(VoiceReport.first < row.first).order_by(VoiceReport.first.desc()).limit(1)
    later = same.where(VoiceReport.first > row.first).order_by(VoiceReport.first).limit(1)
    return session.scalar(earlier), session.scalar(later)
