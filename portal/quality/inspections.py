"""Inspecting work (质检): take, score, and nothing more. Appeals are in ``appeals``.

The invariants: nobody inspects their own work; a score once given stays as it is, and only a granted appeal
writes another behind it; each score carries a digest of all that it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.audit import record
from portal.people.models import Person
from portal.people.roles import Permission
from portal.quality import telling
from portal.quality.models import Inspection, Score, SheetVersion
from portal.quality.scoring import Mark, Result, checked_marks, sheet_from, total
from portal.quality.words import InspectionState
from portal.tickets import service_levels as levels
from portal.tickets.filing import clean
from portal.tickets.trail import links
from portal.tickets.visibility import permissions_on

SUBJECT = "inspection"
LONGEST = 2000


def objection(row: Inspection, by: Person) -> str | None:
    """Why this person may not score this; None when they may."""
    if row.state != InspectionState.OPEN:
        return N_("已经评过分了；有异议由当事人申诉。")
    if Permission.INSPECT not in permissions_on(by, row.ticket):
        return N_("质检由负责这个单位的质检员来做。")
    if row.agent_id == by.id:
        return N_("不能给自己的工单评分，请由同事质检。")
    if row.inspector_id not in (None, by.id):
        return N_("%(holder)s正在评这一单。")
    return None


def take(session: Session, row: Inspection, *, by: Person) -> None:
    """Nobody else scores it meanwhile."""
    _check(row, by)
    row.inspector = by
    session.flush()


def put_back(session: Session, row: Inspection, *, by: Person) -> None:
    """Back into the list, unscored."""
    if row.state != InspectionState.OPEN or row.inspector_id != by.id:
        raise Refused(N_("这一单不在您手里。"))
    row.inspector = None
    session.flush()


def score(
    session: Session,
    row: Inspection,
    version: SheetVersion,
    *,
    marks: Mapping[str, Mark],
    by: Person,
    remark: str = "",
) -> Score:
    """Give the score; the inspected person is told and may appeal for some working days."""
    _check(row, by)
    written = write(session, row, version, marks=marks, by=by, remark=remark)
    row.state, row.inspector, row.scored_at = InspectionState.SCORED, by, now(session)
    days = sheet_from(version.content).appeal_days
    row.appeal_until = after_working_days(now(session), days)
    session.flush()
    telling.scored(session, row, written)
    return written


def write(
    session: Session,
    row: Inspection,
    version: SheetVersion,
    *,
    marks: Mapping[str, Mark],
    by: Person,
    remark: str,
) -> Score:
    """The next score of an inspection; the two verbs that may write one have checked who may."""
    if len(remark) > LONGEST:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内。"), limit=LONGEST)
    sheet = sheet_from(version.content)
    checked = checked_marks(sheet, marks)
    result = total(sheet, checked)
    written = Score(
        inspection_id=row.id,
        seq=len(row.scores) + 1,
        at=now(session).replace(microsecond=0),  # what the digest covers must survive any database
        by=by,
        by_id=by.id,
        sheet_version=version,
        sheet_version_id=version.id,
        marks={key: asdict(mark) for key, mark in checked.items()},
        tenths=result.tenths,
        level=result.level,
        vetoed=result.vetoed,
        remark=clean(remark),
    )
    written.digest = digest_of(written)
    row.scores.append(written)
    _settle(row, result)
    # What is written down is for administrators to read, and scores are not: the digest stands for them.
    record(session, "score", SUBJECT, subject_id=row.id, by=by, digest=written.digest)
    return written


def _settle(row: Inspection, result: Result) -> None:
    row.tenths, row.level, row.vetoed = result.tenths, result.level, result.vetoed


def marks_of(written: Score) -> dict[str, Mark]:
    return {key: Mark(**mark) for key, mark in written.marks.items()}  # type: ignore[arg-type]  # as written


def after_working_days(start: datetime, days: int) -> datetime:
    """The moment when so many working days have passed."""
    minutes = days * levels.DAY_MINUTES
    return levels.add_minutes(start, minutes, level=levels.WORKING_TIME)


def digest_of(written: Score) -> str:
    """What the score's digest must be."""
    content = {
        "inspection": written.inspection_id,
        "seq": written.seq,
        "at": written.at.astimezone(UTC).isoformat(),
        "by": written.by_id,
        "sheet": written.sheet_version_id,
        "marks": written.marks,
        "tenths": written.tenths,
        "level": written.level,
        "vetoed": written.vetoed,
        "remark": written.remark,
    }
    return links.digest_of(content)


def altered_scores(session: Session) -> list[Score]:
    """Scores that no longer say what was signed: somebody has been at the table."""
    rows = session.scalars(select(Score).order_by(Score.id).execution_options(yield_per=500))
    return [row for row in rows if row.digest != digest_of(row)]


def _check(row: Inspection, by: Person) -> None:
    if sentence := objection(row, by):
        raise Refused(sentence, holder=row.inspector.name if row.inspector else "")
