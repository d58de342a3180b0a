"""``move`` and ``merge``: the only writers of a record's state; both write down what they did.

Verbs never commit. What a record says is ``library``'s, which steps there are ``flow``'s. The invariant: of
two records that are merged one survives, and whoever was merged into the other follows it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import changes, countermeasures
from defects.flow import DefectAction, DefectDuty, DefectState, step
from defects.models import Defect, DefectMove
from defects.proof import Proof
from defects.texts import VERSION_LIMIT, distinct, text_of
from defects.versions import check_fixed, in_order
from defects.wording import gathered
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused, check_note


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
    check_note(note)
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
    changes.write_down(session, defect, before, by=by)
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
    changes.write_down(
        session, target, before, by=by, reason=N_("并入 %(number)s") % {"number": defect.number}
    )
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
