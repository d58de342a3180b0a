"""Loading defect records from files, by the same reader, plan and report as articles.

A record comes in as 疑似, unless its row names a later state: then it walks there through the table of
``defects.flow``, each move saying that it came with an import. A duplicate is merged once all are there.
Owners are ids: the floor above turns logins into them. The invariants: a second run of the same rows changes
nothing, and what a row does not mention stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library, moves
from defects.flow import STATE_LABELS, DefectAction, DefectDuty, DefectState, Step, step
from defects.models import TYPE_LABELS, Defect, DefectMove, DefectType
from defects.prospects import prospects, written
from defects.texts import check
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.importing.fields import Field, choice, code, day, lines, number, switch, text, words
from kb.importing.identity import Key, chunks, ids_of, numbered
from kb.importing.loading import Draft, Progress, Settle, drafts_of
from kb.importing.outcome import BadRow, Fate, Outcome, Record

LONG = 50_000
TAKEN = N_("导入时沿用来源系统的状态")

# fmt: off
FIELDS = (
    Field("source",         N_("来源"),         text(100)),
    Field("external_id",    N_("来源编号"),     text(200)),
    Field("title",          N_("标题"),         text(300), required=True),
    Field("system",         N_("系统"),         code(), required=True),
    Field("module",         N_("模块"),         code()),
    Field("type",           N_("类型"),         choice(DefectType, TYPE_LABELS, DefectType.FUNCTION)),
    Field("severity",       N_("严重程度"),     number(1, 4, 3)),
    Field("state",          N_("状态"),         choice(DefectState, STATE_LABELS)),
    Field("key",            N_("重点问题"),     switch()),
    Field("due_on",         N_("整改期限"),     day),
    Field("symptoms",       N_("现象"),         lines(500)),
    Field("codes",          N_("错误代码"),     words(100)),
    Field("affected",       N_("受影响版本"),   words(40)),
    Field("fixed_in",       N_("修复版本"),     code(40)),
    Field("reproduce",      N_("重现步骤"),     text(LONG)),
    Field("cause",          N_("根因"),         text(LONG)),
    Field("workaround",     N_("规避方案"),     text(LONG)),
    Field("fix",            N_("永久修复"),     text(LONG)),
    Field("data_fix",       N_("数据修复"),     text(LONG)),
    Field("shown_to_users", N_("向用户展示"),   switch(default=True)),
    Field("owner_middle",   N_("中台负责人"),   code()),
    Field("owner_back",     N_("后台负责人"),   code()),
    Field("duplicate_of",   N_("重复的是"),     code(300)),
)
# fmt: on

S, A = DefectState, DefectAction
LIFE = (A.CONFIRM, A.START, A.FIX, A.VERIFY, A.CLOSE)
#: State named in a row → the steps from 疑似 to it. 重复 has none: it is merged into the record it names.
WAYS = {
    S.SUSPECTED: (),
    S.CONFIRMED: LIFE[:1],
    S.IN_PROGRESS: LIFE[:2],
    S.FIXED: LIFE[:3],
    S.VERIFIED: LIFE[:4],
    S.CLOSED: LIFE,
    S.NOT_A_DEFECT: (A.REJECT,),
    S.DUPLICATE: (),
}
EVERY_DUTY = frozenset(DefectDuty)


def load(
    session: Session,
    records: Iterable[Record],
    *,
    by: int,
    skip_bad: bool = False,
    settle: Settle | None = None,
    progress: Progress | None = None,
    growing: Collection[str] = (),
) -> Outcome:
    """Load records as ``by``; nothing is written when a row is bad, unless ``skip_bad``.

    ``growing``: lists from which an import takes nothing away, because people here add to them.
    """
    outcome = Outcome()
    batch = batch_of(session, records, outcome, settle=settle)
    if outcome.faults and not skip_bad:
        return outcome
    writer = Writer(session, batch, outcome, by=by, growing=growing)
    for part in chunks(batch.drafts):
        writer.write(part)
        if progress:
            progress(len(part))
    writer.merge()
    return outcome


@dataclass(slots=True)
class Batch:
    """Rows that can stand, and what they name: ``known`` (source, id) → record, ``numbers`` QX → record."""

    drafts: list[Draft]
    known: dict[Key, int]
    numbers: dict[str, int]


def batch_of(
    session: Session,
    records: Iterable[Record],
    outcome: Outcome,
    *,
    settle: Settle | None = None,
    beside: Collection[Key] = (),
) -> Batch:
    """The rows that can be taken; the others are told. ``beside``: what else comes in the same import."""

    def whole(values: dict[str, Any]) -> dict[str, Any]:
        return _whole(settle(values) if settle else values)

    drafts = drafts_of(records, FIELDS, outcome, settle=whole)
    known = ids_of(session, Defect, [*(draft.key for draft in drafts), *_originals(drafts)])
    batch = Batch(drafts, known, _numbers(session, drafts))
    batch.drafts = _with_originals(batch, {*beside, *(draft.key for draft in drafts)}, outcome)
    return batch


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    """What the fields must be together, before anything is written."""
    state = values["state"] or DefectState.SUSPECTED
    if state == DefectState.DUPLICATE and not values["duplicate_of"]:
        raise BadRow(N_("重复的缺陷要写明并入了哪一条（duplicate_of）：那一条的来源编号，或者 QX 编号。"))
    try:
        check(written(values))
        _walk(state, values)
    except Refused as refusal:
        raise BadRow(str(refusal)) from refusal
    return values


# ── duplicates ───────────────────────────────────────────────────────────────────────────────────


def is_duplicate(draft: Draft) -> bool:
    return bool(draft.values["state"] == DefectState.DUPLICATE)


def _original(draft: Draft) -> Key:
    """``id`` in the row's own source, or ``source|id`` in another."""
    named, source = draft.values["duplicate_of"], draft.values["source"]
    other, bar, external_id = named.partition("|")
    return (other, external_id) if bar else (source, named)


def _originals(drafts: Sequence[Draft]) -> list[Key]:
    return [_original(draft) for draft in drafts if is_duplicate(draft)]


def _numbers(session: Session, drafts: Sequence[Draft]) -> dict[str, int]:
    """Number → id of the records that rows name by their number here."""
    named = {name for draft in drafts if is_duplicate(draft) and (name := draft.values["duplicate_of"])}
    found: dict[str, int] = {}
    for part in chunks(sorted(name for name in named if name.startswith("QX"))):
        rows = session.execute(select(Defect.number, Defect.id).where(Defect.number.in_(part)))
        found |= dict(rows.all())
    return found


def _with_originals(batch: Batch, here: Collection[Key], outcome: Outcome) -> list[Draft]:
    """Leave out duplicates of nothing and of themselves."""
    kept = []
    for draft in batch.drafts:
        named = draft.values["duplicate_of"]
        found = not is_duplicate(draft) or _original(draft) in here or _original(draft) in batch.known
        if not found and named not in batch.numbers:
            why = N_("和它重复的 %(id)s 不在文件里，也没有导入过。") % {"id": named}
            outcome.refuse(draft.row, why)
        elif is_duplicate(draft) and _original(draft) == draft.key:
            outcome.refuse(draft.row, N_("不能和自己重复。"))
        else:
            kept.append(draft)
    return kept


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


class Writer:
    """Begins new records and describes known ones, a few hundred at a time."""

    def __init__(
        self,
        session: Session,
        batch: Batch,
        outcome: Outcome,
        *,
        by: int,
        growing: Collection[str] = (),
        reason: str = "",
    ) -> None:
        self.session, self.batch, self.outcome = session, batch, outcome
        self.by, self.growing, self.reason = by, growing, reason
        self._fresh = numbered(library.next_number(session))
        self._duplicates: list[Draft] = []

    def write(self, drafts: Sequence[Draft]) -> None:
        begun: list[tuple[Draft, Defect]] = []
        for found in prospects(self.session, drafts, self.batch.known, growing=self.growing):
            draft, defect = found.draft, found.defect
            if defect is None:
                begun.append((draft, self._begin(draft)))
                continue
            if found.fate == Fate.CHANGED:
                library.describe(self.session, defect, found.text, reason=self.reason)
            self._tell(draft, defect, found.fate)
        self.session.flush()
        for draft, defect in begun:
            self.batch.known[draft.key] = defect.id
            if is_duplicate(draft):
                self._duplicates.append(draft)

    def _begin(self, draft: Draft) -> Defect:
        text = written(draft.values)
        defect = library.begin(self.session, text, by=self.by, number=next(self._fresh))
        defect.source, defect.external_id = draft.key
        _take_over(self.session, defect, draft.values, by=self.by)
        self._tell(draft, defect, Fate.NEW)
        return defect

    def _tell(self, draft: Draft, defect: Defect, fate: Fate) -> None:
        self.outcome.count(draft.row, fate, number=defect.number, title=defect.title)
        for remark in draft.row.remarks:
            self.outcome.remark(draft.row, remark)

    def merge(self) -> None:
        """Merge the duplicates that came; one that can't be stays 疑似, and the outcome says why."""
        for draft in self._duplicates:
            try:
                merge(self.session, self.batch, draft, by=self.by)
            except Refused as refusal:
                self.outcome.remark(draft.row, str(refusal))


def original_of(session: Session, batch: Batch, draft: Draft) -> Defect:
    """The record that a duplicate names; raises :class:`Refused` when it was not brought in."""
    target = batch.known.get(_original(draft)) or batch.numbers.get(draft.values["duplicate_of"])
    if target is None:
        raise Refused(N_("和它重复的 %(id)s 没有导入。"), id=draft.values["duplicate_of"])
    return session.get_one(Defect, target)


def merge(session: Session, batch: Batch, draft: Draft, *, by: int) -> None:
    """Merge a duplicate that was brought in into its original; raises :class:`Refused`."""
    defect, into = session.get_one(Defect, batch.known[draft.key]), original_of(session, batch, draft)
    with session.begin_nested():
        moves.merge(session, defect, into, by=by, duties=EVERY_DUTY, note=TAKEN)


def _walk(state: DefectState, values: dict[str, Any]) -> list[Step]:
    """The steps to ``state``; raises ``Refused`` when the row lacks what one of them needs."""
    given = {"note", *(name for name in ("cause", "fixed_in") if values[name])}
    steps: list[Step] = []
    for action in WAYS[state]:
        start = steps[-1].end if steps else DefectState.SUSPECTED
        steps.append(step(start, action, duties=EVERY_DUTY, given=given))
    return steps


def _take_over(session: Session, defect: Defect, values: dict[str, Any], *, by: int) -> None:
    moment = now(session)
    for row in _walk(values["state"] or DefectState.SUSPECTED, values):
        entry = DefectMove(action=row.action, start=row.start, end=row.end, by_id=by, at=moment, note=TAKEN)
        defect.moves.append(entry)
        defect.state = row.end
        if row.action == DefectAction.FIX:
            defect.fixed_at = moment
