"""Writing some records of an import, merging its duplicates, and taking one back.

The phases are ``portal.uploads.parts``'s. What is new goes back by the steps of a record's life and stays as
不是缺陷, its name in the other tracker freed, so that a better mapping brings it anew; nothing is deleted and
no number given twice. The invariant: what somebody has touched since is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from defects import changes, library, moves
from defects.flow import DefectAction, DefectState
from defects.importing import Writer, is_duplicate, merge, original_of
from defects.models import Defect
from defects.prospects import Prospect
from defects.texts import text_of
from indexer.words import N_
from kb.flow import Refused
from kb.importing.outcome import Fate, Outcome
from portal.causes import life
from portal.causes.imports.reading import judged, why_refused
from portal.causes.imports.shapes import Shape
from portal.causes.life import Given
from portal.causes.trackers.reading import GROWING
from portal.config import Settings
from portal.people.duties import defect_duties
from portal.tickets.models import DefectLink, LinkVerdict
from portal.uploads.models import Import, ImportItem, Phase, Stage

S, A = DefectState, DefectAction
#: How it was brought in → the steps back. From 处置中 and 已修复 the table of a record's life knows none.
WAYS_BACK: dict[DefectState, tuple[DefectAction, ...]] = {
    S.SUSPECTED: (A.REJECT,),
    S.CONFIRMED: (A.REJECT,),
    S.VERIFIED: (A.REOPEN, A.REJECT),
    S.CLOSED: (A.REOPEN, A.REJECT),
    S.DUPLICATE: (A.REOPEN, A.REJECT),
    S.NOT_A_DEFECT: (),
}
TAKEN_BACK = N_("撤销导入")
TOUCHED = N_("导入之后有人改过，没有撤销。")


def write(session: Session, row: Import, part: Sequence[ImportItem], _settings: Settings) -> None:
    again = judged(session, row, part)
    if row.phase == Phase.LINKING:
        _merge(session, row, part)
        return
    found = again.by_key()
    ready: list[tuple[ImportItem, Prospect]] = []
    for item in part:
        one = found.get((item.source, item.external_id))
        if why := _why_not(item, one) or why_refused(again, item):
            item.stage, item.sentence = Stage.FAILED, why
        elif one is not None:
            ready.append((item, one))
    for item, one in ready:
        fields = changes.differing(one.before, one.text) if one.before is not None else {}
        item.before = {name: before for name, (before, _after) in fields.items()}
    growing = () if row.found.get("shape") == Shape.OWN else GROWING
    reason = N_("%(person)s 导入 %(name)s") % {"person": row.by.name, "name": row.name}
    writer = Writer(session, again.batch, Outcome(), by=row.by_id, growing=growing, reason=reason)
    writer.write([one.draft for _, one in ready])
    _settle(session, ready, again.batch.known)


def _settle(
    session: Session, ready: Sequence[tuple[ImportItem, Prospect]], known: dict[tuple[str, str], int]
) -> None:
    for item, one in ready:
        defect = session.get_one(Defect, known[one.draft.key])
        item.defect_id, item.after, item.stage = defect.id, defect.version, Stage.DONE
        item.links = is_duplicate(one.draft) and item.fate == Fate.NEW
    session.flush()


def _why_not(item: ImportItem, found: Prospect | None) -> str:
    """The reason why this one is not written now."""
    if found is None:
        return ""
    version = found.defect.version if found.defect is not None else None
    if version != item.seen:
        return N_("预览之后有人改过，没有导入；请重新上传再看。")
    return ""


def _merge(session: Session, row: Import, part: Sequence[ImportItem]) -> None:
    """The duplicates of this part go into their originals, now that all are there."""
    again = judged(session, row, part)
    drafts = {draft.key: draft for draft in again.batch.drafts}
    for item in part:
        item.links = False
        draft = drafts.get((item.source, item.external_id))
        try:
            if draft is None:
                raise Refused("%(why)s", why=why_refused(again, item) or N_("现在不能导入。"))
            as_left = _as_left(session, row, item, original_of(session, again.batch, draft))
            merge(session, again.batch, draft, by=row.by_id)
        except Refused as refusal:
            item.remarks = [*item.remarks, str(refusal)]
        else:
            for other, defect in as_left:
                other.after = defect.version


def _as_left(
    session: Session, row: Import, item: ImportItem, into: Defect
) -> list[tuple[ImportItem, Defect]]:
    """What this import has made and a merge changes, so far as nobody else has: both records, and those that
    were merged into the duplicate before."""
    ids = (item.defect_id, into.id, moves.survivor_of(into).id)
    involved = select(ImportItem, Defect).join(Defect, Defect.id == ImportItem.defect_id)
    involved = involved.where(ImportItem.import_id == row.id, ImportItem.after == Defect.version)
    involved = involved.where(ImportItem.fate == Fate.NEW, ImportItem.stage == Stage.DONE)
    either = or_(Defect.id.in_(ids), Defect.duplicate_of_id == item.defect_id)
    return [(other, defect) for other, defect in session.execute(involved.where(either))]


# ── taking back ──────────────────────────────────────────────────────────────────────────────────


def take_back(session: Session, row: Import, item: ImportItem) -> None:
    defect = session.get(Defect, item.defect_id) if item.defect_id else None
    if defect is None:
        return
    if defect.version != item.after:
        raise Refused(TOUCHED)
    if item.fate == Fate.CHANGED:
        former = {name: changes.as_said(name, value) for name, value in item.before.items()}
        text = replace(text_of(defect), **former)
        duties = defect_duties(row.by)
        library.describe(session, defect, text, by=row.by_id, duties=duties, reason=TAKEN_BACK)
        return
    _check_unused(session, row, defect)
    for action in WAYS_BACK[defect.state]:
        life.move(session, defect, action, by=row.by, given=Given(note=TAKEN_BACK))
    defect.source = defect.external_id = None  # the next import brings it as new
    session.flush()


def _check_unused(session: Session, row: Import, defect: Defect) -> None:
    linked = select(DefectLink.id).where(
        DefectLink.defect_id == defect.id, DefectLink.verdict == LinkVerdict.LINKED
    )
    if session.scalar(linked.limit(1)) is not None:
        raise Refused(N_("已经有工单关联到这条缺陷，没有撤销。"))
    if defect.state not in WAYS_BACK:
        raise Refused(N_("处置中和已修复的缺陷不能直接退回，没有撤销；请在记录上处理。"))
    if defect.state == DefectState.DUPLICATE and _outside(session, row, defect):
        raise Refused(N_("已并入别的缺陷，没有撤销；请在记录上处理。"))


def _outside(session: Session, row: Import, defect: Defect) -> bool:
    """Was it merged into a record that this import has not made?"""
    own = select(ImportItem.turn).where(ImportItem.import_id == row.id, ImportItem.fate == Fate.NEW)
    return session.scalar(own.where(ImportItem.defect_id == defect.duplicate_of_id).limit(1)) is None
