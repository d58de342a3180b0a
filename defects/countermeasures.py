"""Countermeasures of a key problem (整改措施): planned, done, dropped with a reason, taken back.

Verbs never commit. Who may be charged with one is the floor above's to check. The invariant: a measure is
never deleted; a key problem closes only when each one is done or dropped, and at least one was done.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from defects.flow import OPEN, DefectDuty, DefectState
from defects.models import Countermeasure, Defect
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused

WORDS_LIMIT = 2_000
#: In these states a record still has something to be done about it.
WORKED_ON = OPEN | {DefectState.VERIFIED}


@dataclass(frozen=True, slots=True)
class Plan:
    """One step: what is done, by whom, by when, and how one sees that it is done."""

    what: str
    who_id: int | None
    due_on: date | None
    done_when: str


def plan(
    session: Session, defect: Defect, text: Plan, *, by: int, duties: Collection[DefectDuty]
) -> Countermeasure:
    """Write a step down."""
    _check_record(defect, duties)
    who, due_on = _checked(text)
    measure = Countermeasure(
        defect_id=defect.id, created_by=by, created_at=now(session), who_id=who, due_on=due_on
    )
    measure.what, measure.done_when = _words(text.what), _words(text.done_when)
    session.add(measure)
    session.flush()
    return measure


def change(
    session: Session,
    measure: Countermeasure,
    text: Plan,
    *,
    duties: Collection[DefectDuty],
    seen: int | None = None,
) -> Countermeasure:
    """Plan it otherwise while it is not done."""
    _check_open(measure, duties, seen)
    measure.who_id, measure.due_on = _checked(text)
    measure.what, measure.done_when = _words(text.what), _words(text.done_when)
    session.flush()
    return measure


def finish(
    session: Session,
    measure: Countermeasure,
    *,
    by: int,
    duties: Collection[DefectDuty],
    result: str,
    seen: int | None = None,
) -> Countermeasure:
    """It is done, and this is what one saw."""
    if by != measure.who_id and DefectDuty.CURATE not in duties:
        raise Refused(N_("整改措施由负责人或中台确认完成。"))
    _check_open(measure, duties, seen)
    if not result.strip():
        raise Refused(N_("请写明完成情况，对照“怎样算完成”。"))
    measure.done_at, measure.done_by, measure.result = now(session), by, _words(result)
    session.flush()
    return measure


def drop(
    session: Session,
    measure: Countermeasure,
    *,
    by: int,
    duties: Collection[DefectDuty],
    why: str,
    seen: int | None = None,
) -> Countermeasure:
    """It turned out to be needless; the reason stays."""
    if DefectDuty.CURATE not in duties:
        raise Refused(N_("只有中台能取消整改措施。"))
    _check_open(measure, duties, seen)
    if not why.strip():
        raise Refused(N_("请写明为什么不做了。"))
    measure.dropped_at, measure.dropped_by, measure.dropped_why = now(session), by, _words(why)
    session.flush()
    return measure


def take_back(session: Session, measure: Countermeasure, *, duties: Collection[DefectDuty]) -> Countermeasure:
    """It is not done after all, or is to be done after all."""
    _check_record(measure.defect, duties)
    if measure.is_open:
        raise Refused(N_("这项措施本来就没有完成。"))
    measure.done_at = measure.done_by = measure.dropped_at = measure.dropped_by = None
    measure.result = measure.dropped_why = ""
    session.flush()
    return measure


def _checked(text: Plan) -> tuple[int, date]:
    if not text.what.strip():
        raise Refused(N_("请写明要做什么。"))
    if text.who_id is None:
        raise Refused(N_("请选择由谁来做。"))
    if text.due_on is None:
        raise Refused(N_("请写明哪天之前完成。"))
    if not text.done_when.strip():
        raise Refused(N_("请写明怎样算完成，完成时要对照它。"))
    return text.who_id, text.due_on


def _words(text: str) -> str:
    if len(text.strip()) > WORDS_LIMIT:
        raise Refused(N_("写得太长，请控制在 %(limit)s 个字以内。"), limit=WORDS_LIMIT)
    return text.strip()


def _check_record(defect: Defect, duties: Collection[DefectDuty]) -> None:
    if not set(duties) & {DefectDuty.CURATE, DefectDuty.REPAIR}:
        raise Refused(N_("您的岗位不能安排整改措施。"))
    if not defect.key:
        raise Refused(N_("只有重点问题有整改措施，请先把这条缺陷列为重点问题。"))
    if defect.state not in WORKED_ON:
        raise Refused(N_("这条缺陷已经了结，不能再安排整改措施。"))


def _check_open(measure: Countermeasure, duties: Collection[DefectDuty], seen: int | None) -> None:
    _check_record(measure.defect, duties)
    if seen is not None and seen != measure.version:
        raise Refused(N_("这项措施刚刚被同事改动过，请看过最新内容再操作。"))
    if not measure.is_open:
        raise Refused(N_("这项措施已经了结，请先撤回再改。"))


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def measures_of(session: Session, defect: Defect) -> Sequence[Countermeasure]:
    """In the order of their days."""
    wanted = select(Countermeasure).where(Countermeasure.defect_id == defect.id)
    return session.scalars(wanted.order_by(Countermeasure.due_on, Countermeasure.id)).all()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the countermeasures are; dropped ones don't count."""

    done: int = 0
    total: int = 0
    next_on: date | None = None


def progress_of(session: Session, defect_ids: Collection[int]) -> dict[int, Progress]:
    """One query for a whole list; records without measures are left out."""
    left = Countermeasure.done_at.is_(None)
    rows = session.execute(
        select(
            Countermeasure.defect_id,
            func.count(Countermeasure.done_at),
            func.count(),
            func.min(Countermeasure.due_on).filter(left),
        )
        .where(Countermeasure.defect_id.in_(defect_ids), Countermeasure.dropped_at.is_(None))
        .group_by(Countermeasure.defect_id)
    )
    return {number: Progress(done, total, next_on) for number, done, total, next_on in rows}


def given_by(session: Session, defect: Defect) -> set[str]:
    """Which of the table's needs the measures fulfil."""
    progress = progress_of(session, [defect.id]).get(defect.id, Progress())
    given = {"planned"} if progress.total else set()
    return given | {"measures"} if progress.done == progress.total else given
