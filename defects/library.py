"""The verbs of the defect library that say what a record says: open, describe, restore, tie to an article.

Verbs never commit. The steps of a record's life are in ``moves``, countermeasures of key problems in
``countermeasures``, what was changed in ``changes``. The invariant: whatever is said anew of a record is
checked, and stands in its history.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from defects import changes
from defects.flow import DefectDuty, DefectState
from defects.models import Defect, DefectArticle, DefectChange, DefectNote
from defects.texts import (
    SYMPTOM_LIMIT,
    DefectText,
    check,
    check_by_hand,
    put,
    text_of,
)
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article

NOTE_LIMIT = 2_000
EVERY_DUTY = frozenset(DefectDuty)
#: What the middle alone decides about a record.
OF_THE_MIDDLE = ("key", "due_on", "owner_middle_id")


def open_record(session: Session, text: DefectText, *, by: int, by_hand: bool = True) -> Defect:
    """Open a record as 疑似; error codes named in the symptoms are taken along.

    ``by_hand``: typed here by a person; what another desk wrote is taken as it is.
    """
    if by_hand:
        check_by_hand(text)
    defect = begin(session, text, by=by, number=next_number(session))
    session.flush()
    return defect


def begin(session: Session, text: DefectText, *, by: int, number: str) -> Defect:
    """A new record under a number already taken for it, not yet flushed: imports begin many at once."""
    check(text)
    moment = now(session)
    defect = Defect(number=number, created_by=by, created_at=moment, updated_at=moment)
    defect.state = DefectState.SUSPECTED
    session.add(defect)
    put(session, defect, text)
    return defect


def describe(
    session: Session,
    defect: Defect,
    text: DefectText,
    *,
    seen: int | None = None,
    by: int | None = None,
    duties: Collection[DefectDuty] = EVERY_DUTY,
    reason: str = "",
    restores: DefectChange | None = None,
) -> Defect:
    """Change what a record says; ``seen`` is the version the curator was looking at.

    ``by``: the person who changes it; None is an import or a pack, whose rows were checked as a whole.
    """
    check(text)
    if seen is not None and seen != defect.version:
        raise Refused(N_("这条缺陷在您编辑期间被同事改过。您的内容还在，请对照最新版本后再保存。"))
    before = text_of(defect)
    if by is not None:
        check_by_hand(text, known=before)
        _check_change(before, text, duties=duties, reason=reason)
    put(session, defect, text)
    changes.write_down(session, defect, before, by=by, reason=reason, restores=restores)
    session.flush()
    return defect


def _check_change(
    before: DefectText, after: DefectText, *, duties: Collection[DefectDuty], reason: str
) -> None:
    """What is promised about a key problem is the middle's word, and is not changed without one."""
    changed = [name for name in OF_THE_MIDDLE if getattr(before, name) != getattr(after, name)]
    if changed and DefectDuty.CURATE not in duties:
        raise Refused(N_("重点问题、整改期限和中台负责人由中台决定，您的岗位不能修改。"))
    if not before.key or reason.strip():
        return
    if not after.key:
        raise Refused(N_("不再作为重点问题，请在“改动说明”里写明原因。"))
    if before.due_on and after.due_on != before.due_on:
        raise Refused(N_("整改期限改了，请在“改动说明”里写明原因。"))


def postpone(
    session: Session,
    defect: Defect,
    due_on: date | None,
    *,
    by: int,
    duties: Collection[DefectDuty],
    reason: str,
) -> Defect:
    """Promise another day for a key problem; the reason stays in its history."""
    if not defect.key:
        raise Refused(N_("只有重点问题有整改期限。"))
    if due_on == defect.due_on:
        raise Refused(N_("期限没有变。"))
    text = replace(text_of(defect), due_on=due_on)
    return describe(session, defect, text, by=by, duties=duties, reason=reason)


def restore(
    session: Session,
    defect: Defect,
    change: DefectChange,
    field: str,
    *,
    by: int,
    duties: Collection[DefectDuty],
    reason: str = "",
) -> Defect:
    """Give one field back what it said before that change; this too stands in the history."""
    if change.defect_id != defect.id or field not in change.fields:
        raise Refused(N_("没有这处改动，请刷新后再看。"))
    value = changes.as_said(field, change.fields[field][0])
    before = text_of(defect)
    text = replace(before, **{field: value})
    if not changes.differing(before, text):
        raise Refused(N_("这一项现在就是改动前的内容。"))
    return describe(session, defect, text, by=by, duties=duties, reason=reason, restores=change)


def adopt(session: Session, defect: Defect, line: str, *, by: int) -> Defect:
    """Take a user's sentence into the symptoms: matching lives on users' own words."""
    said = " ".join(line.split())[:SYMPTOM_LIMIT]
    if not said:
        raise Refused(N_("没有可以收进来的话。"))
    text = text_of(defect)
    return describe(session, defect, replace(text, symptoms=(*text.symptoms, said)), by=by)


def remark(session: Session, defect: Defect, words: str, *, by: int) -> DefectNote:
    """Say in a sentence how it goes."""
    said = words.strip()[:NOTE_LIMIT]
    if not said:
        raise Refused(N_("请写一句进展。"))
    note = DefectNote(defect_id=defect.id, by_id=by, at=now(session), text=said)
    session.add(note)
    session.flush()
    return note


def tie(session: Session, defect: Defect, article: Article) -> None:
    """Say that ``article`` tells users about ``defect``."""
    if session.get(DefectArticle, (defect.id, article.id)) is None:
        session.add(DefectArticle(defect_id=defect.id, article_id=article.id))
        session.flush()


def untie(session: Session, defect: Defect, article: Article) -> None:
    """Take that back."""
    row = session.get(DefectArticle, (defect.id, article.id))
    if row is not None:
        session.delete(row)
        session.flush()


def next_number(session: Session) -> str:
    """The next free QX number; numbers are never used twice."""
    highest = session.scalar(select(func.max(Defect.number))) or "QX000000"
    return f"QX{int(highest[2:]) + 1:06d}"
