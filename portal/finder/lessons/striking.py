"""Striking a judgement out: it was a mistake, so it teaches nothing; what it did on the desk stands.

A wrong link itself is taken back on the ticket. The invariants: nothing is deleted, both moves are in the
audit, and at most one standing mark is on a judgement.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.document import Key
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.finder.lessons.models import Source, StruckJudgement
from portal.finder.lessons.standing import mark_on
from portal.finder.models import Consultation
from portal.finder.sources import ARTICLE, DEFECT
from portal.people import audit
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.models import ArticleLink, DefectLink

SUBJECT = "judgement"
LONGEST = 300


def strike(session: Session, source: Source, source_id: int, *, reason: str, by: Person) -> StruckJudgement:
    """From now on this judgement teaches nothing."""
    _check(by)
    reason = reason.strip()[:LONGEST]
    if not reason:
        raise Refused(N_("请写明为什么判错了，同事才看得懂。"))
    if (former := mark_on(session, source, source_id)) is not None:
        return former
    kind, subject_id = _subject(session, source, source_id)
    row = StruckJudgement(
        source=source,
        source_id=source_id,
        kind=kind,
        subject_id=int(subject_id),
        reason=reason,
        by_id=by.id,
        at=now(session),
    )
    session.add(row)
    audit.record(session, "strike", SUBJECT, subject_id=f"{source}:{source_id}", by=by, reason=reason)
    return row


def restore(session: Session, source: Source, source_id: int, *, by: Person) -> None:
    """It was no mistake after all: it teaches again."""
    _check(by)
    row = mark_on(session, source, source_id)
    if row is None:
        raise Refused(N_("这条判断没有划掉，不用恢复。"))
    row.restored_by_id, row.restored_at = by.id, now(session)
    audit.record(session, "restore", SUBJECT, subject_id=f"{source}:{source_id}", by=by)


def _check(by: Person) -> None:
    if not by.may(Permission.STEER_LEARNING):
        raise Refused(N_("您的岗位不能决定哪些判断用来学习。"))


def _subject(session: Session, source: Source, source_id: int) -> Key:
    """The article or record that was judged."""
    found = SUBJECTS[source](session, source_id)
    if found is None:
        raise Refused(N_("没有这条判断，可能刚刚被撤销了。"))
    return found


def _of_link(session: Session, source_id: int) -> Key | None:
    row = session.get(DefectLink, source_id)
    return None if row is None or row.by_id is None else (DEFECT, str(row.defect_id))


def _of_answer(session: Session, source_id: int) -> Key | None:
    row = session.get(ArticleLink, source_id)
    return None if row is None else (ARTICLE, str(row.article_id))


def _of_consultation(session: Session, source_id: int) -> Key | None:
    row = session.get(Consultation, source_id)
    if row is None:
        return None
    if row.solved_kind and row.solved_id:
        return (row.solved_kind, str(row.solved_id))
    read = next((one for one in row.shown if one.opened_at is not None), None)
    return None if read is None else (read.kind, str(read.subject_id))


def _of_merge(session: Session, source_id: int) -> Key | None:
    row = session.get(Defect, source_id)
    return None if row is None or row.duplicate_of_id is None else (DEFECT, str(row.duplicate_of_id))


SUBJECTS = {
    Source.LINK: _of_link,
    Source.ANSWER: _of_answer,
    Source.CONSULTATION: _of_consultation,
    Source.MERGE: _of_merge,
}
