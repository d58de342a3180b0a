"""Objecting to a score: the inspected person gives a reason, somebody else decides, once.

The invariants: one appeal for each inspection, within its working days; whoever scored and whoever was
scored never decide; what is decided stays.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.audit import record
from portal.people.models import Person
from portal.people.roles import Permission
from portal.quality import telling
from portal.quality.inspections import SUBJECT, write
from portal.quality.models import Appeal, Inspection
from portal.quality.scoring import Mark
from portal.quality.words import InspectionState, Verdict
from portal.tickets.filing import clean
from portal.tickets.visibility import permissions_on

LONGEST = 2000


def appeal_objection(session: Session, row: Inspection, by: Person) -> str | None:
    """Why this person may not appeal now; None when they may."""
    if row.agent_id != by.id:
        return N_("只有当事人可以申诉。")
    if row.state != InspectionState.SCORED:
        return N_("每次质检只能申诉一次。") if row.appeal else N_("还没有评分。")
    if row.appeal_until is None or now(session) > row.appeal_until:
        return N_("申诉期已过。")
    return None


def appeal(session: Session, row: Inspection, reason: str, *, by: Person) -> Appeal:
    """Object to the score, with a reason."""
    if sentence := appeal_objection(session, row, by):
        raise Refused(sentence)
    filed = Appeal(inspection=row, at=now(session), by_id=by.id, reason=_given(reason))
    session.add(filed)
    row.state = InspectionState.APPEALED
    session.flush()
    record(session, "appeal", SUBJECT, subject_id=row.id, by=by)
    telling.appealed(session, row, filed, by=by)
    return filed


def decision_objection(row: Inspection, by: Person) -> str | None:
    """Why this person may not decide the appeal; None when they may."""
    if row.state != InspectionState.APPEALED:
        return N_("没有等待裁定的申诉。")
    if Permission.DECIDE_APPEALS not in permissions_on(by, row.ticket):
        return N_("申诉由负责这个单位的班长、质检员或服务经理裁定。")
    if by.id in {row.agent_id, *(given.by_id for given in row.scores)}:
        return N_("评分的人和当事人都不能裁定这次申诉，请由另一位同事来做。")
    return None


def keep(session: Session, row: Inspection, answer: str, *, by: Person) -> Appeal:
    """The score stands."""
    return _decide(session, row, Verdict.KEPT, answer, by=by)


def change(
    session: Session, row: Inspection, answer: str, *, marks: Mapping[str, Mark], by: Person
) -> Appeal:
    """The score is given anew, by the same version of the sheet; the first one stays on record."""
    decided = _decide(session, row, Verdict.CHANGED, answer, by=by)
    write(session, row, row.scores[-1].sheet_version, marks=marks, by=by, remark=answer)
    session.flush()
    return decided


def _decide(session: Session, row: Inspection, verdict: Verdict, answer: str, *, by: Person) -> Appeal:
    if sentence := decision_objection(row, by):
        raise Refused(sentence)
    filed = row.appeal
    assert filed is not None  # an appealed inspection has one
    filed.verdict, filed.answer = verdict, _given(answer)
    filed.decided_at, filed.decided_by_id = now(session), by.id
    row.state = InspectionState.DECIDED
    session.flush()
    record(session, "decide", SUBJECT, subject_id=row.id, by=by)
    telling.decided(session, row, filed, by=by)
    return filed


def _given(reason: str) -> str:
    words = clean(reason)
    if not words:
        raise Refused(N_("请写明理由。"))
    if len(words) > LONGEST:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内。"), limit=LONGEST)
    return words
