"""The verbs of the defect library: open, describe, restore, move, merge, tie to an article.

Verbs never commit. Countermeasures of key problems are in ``countermeasures``, what was changed in
``changes``. The invariant: only ``move`` and ``merge`` change a state, and both write it down.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from defects import changes, countermeasures
from defects.flow import DefectAction, DefectDuty, DefectState, step
from defects.models import Defect, DefectArticle, DefectChange, DefectMove, DefectNote
from defects.proof import Proof
from defects.texts import (
    SYMPTOM_LIMIT,
    VERSION_LIMIT,
    DefectText,
    check,
    check_by_hand,
    distinct,
    put,
    text_of,
)
from defects.versions import check_fixed, in_order
from defects.wording import gathered
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
    _write_down(session, defect, before, by=by, reason=reason, restores=restores)
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


def _write_down(
    session: Session,
    defect: Defect,
    before: DefectText,
    *,
    by: int | None,
    reason: str = "",
    restores: DefectChange | None = None,
) -> None:
    fields = changes.differing(asdict(before), asdict(text_of(defect)))
    changes.write_down(session, defect, fields, by=by, reason=reason, restores=restores)


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
    if changes.differing(asdict(before), asdict(text)) == {}:
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


def move(
    session: Session,
    defect: Defect,
    action: DefectAction,
    *,
    by: int | None,
    duties: Collection[DefectDuty],
    note: str = "",
    seen: int | None = None,
    cause: str = "",
    fixed_in: str = "",
    evidence: str = "",
    proof: Proof | None = None,
) -> DefectMove:
    """Take one step of the record's life and write it down.

    ``cause`` and ``fixed_in`` come with 登记修复 when the record lacks them; ``seen`` is the version the
    person was looking at. A key problem is closed on ``evidence``, in words, and on ``proof``, in figures.
    """
    if seen is not None and seen != defect.version:
        raise Refused(N_("这条缺陷刚刚被同事改动过，请看过最新内容再操作。"))
    before = text_of(defect)
    if action == DefectAction.FIX and duties:
        _repaired(defect, cause=cause, fixed_in=fixed_in, by_hand=by is not None)
    given = _given(session, defect, action, note=note, evidence=evidence, proof=proof)
    row = step(defect.state, action, duties=duties, given=given, key=defect.key)
    moment = now(session)
    entry = DefectMove(action=action, start=defect.state, end=row.end, by_id=by, at=moment, note=note.strip())
    if action == DefectAction.CLOSE and defect.key:
        entry.evidence, entry.facts = evidence.strip(), proof.told() if proof else {}
    defect.moves.append(entry)
    defect.state, defect.updated_at = row.end, moment
    _effect(defect, action, at=moment)
    defect.said = gathered(defect)
    _write_down(session, defect, before, by=by)
    session.flush()
    return entry


def _repaired(defect: Defect, *, cause: str, fixed_in: str, by_hand: bool) -> None:
    """What a repair says of its cause and version; what the record says already is kept."""
    repaired_in = fixed_in.strip()[:VERSION_LIMIT] or defect.fixed_in
    check_fixed(repaired_in if by_hand else None, affected=defect.affected)
    defect.cause, defect.fixed_in = cause.strip() or defect.cause, repaired_in


def _effect(defect: Defect, action: DefectAction, *, at: datetime) -> None:
    """What a step changes beside the state."""
    match action:
        case DefectAction.FIX:
            defect.fixed_at = at
        case DefectAction.REOPEN:
            defect.duplicate_of_id = None
        case DefectAction.RECUR:
            defect.recurrences += 1
        case _:
            pass


def _given(
    session: Session,
    defect: Defect,
    action: DefectAction,
    *,
    note: str,
    evidence: str,
    proof: Proof | None,
) -> set[str]:
    """What the record and the person supply, by the names of the table's needs."""
    given = {name for name in ("cause", "fixed_in") if getattr(defect, name)}
    given |= {"note"} if note.strip() else set()
    given |= {"duplicate_of"} if defect.duplicate_of_id else set()
    if action == DefectAction.CLOSE and defect.key:
        given |= countermeasures.given_by(session, defect)
        given |= {"quiet"} if proof and proof.holds else set()
        given |= {"evidence"} if evidence.strip() else set()
    return given


def merge(
    session: Session,
    defect: Defect,
    into: Defect,
    *,
    by: int,
    duties: Collection[DefectDuty],
    note: str = "",
) -> DefectMove:
    """Declare ``defect`` a duplicate of ``into``; chains are collapsed to the surviving record.

    What hangs on the duplicate moves along in the floor above, which knows tickets.
    """
    hold(session, defect, into)
    target = survivor_of(into)
    if target.id == defect.id:
        raise Refused(N_("不能把一条缺陷并入它自己。"))
    if target.state == DefectState.NOT_A_DEFECT:
        raise Refused(N_("%(number)s 已判定不是缺陷，不能并入它。"), number=target.number)
    if defect.key and not target.key:
        raise Refused(
            N_("这是重点问题，并入 %(number)s 就没有人追了：请先把那一条列为重点问题，或者反过来并入。"),
            number=target.number,
        )
    defect.duplicate_of_id = target.id
    entry = move(session, defect, DefectAction.MERGE, by=by, duties=duties, note=note)
    followers = session.scalars(select(Defect).where(Defect.duplicate_of_id == defect.id))
    for follower in followers:
        follower.duplicate_of_id = target.id
    before = text_of(target)
    target.symptoms = distinct([*target.symptoms, *defect.symptoms])
    target.codes = distinct([*target.codes, *defect.codes])
    target.affected = in_order([*target.affected, *defect.affected])
    target.said = gathered(target)
    _write_down(session, target, before, by=by, reason=N_("并入 %(number)s") % {"number": defect.number})
    session.flush()
    return entry


def survivor_of(defect: Defect) -> Defect:
    """The record that answers for this one: itself, unless it was merged."""
    passed = {defect.id}
    while defect.state == DefectState.DUPLICATE and defect.duplicate_of is not None:
        defect = defect.duplicate_of
        if defect.id in passed:
            break  # a circle has no end; none can be made since both rows are held while merging
        passed.add(defect.id)
    return defect


def hold(session: Session, *records: Defect) -> None:
    """Nobody merges the other way round at the same moment: lowest first, read anew."""
    ids = sorted({record.id for record in records})
    wanted = select(Defect).where(Defect.id.in_(ids)).order_by(Defect.id).with_for_update(of=Defect)
    session.flush()
    session.scalars(wanted.execution_options(populate_existing=True)).all()


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
