"""Loading defect records from files, by the same reader, plan and report as articles.

A record comes in as 疑似, unless its row names a later state: then it walks there through the table of
``defects.flow``, each move saying that it came with an import. Owners are ids: the floor above turns
logins into them. The invariant: a second run of the same rows changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library
from defects.flow import STATE_LABELS, DefectAction, DefectDuty, DefectState, Step, step
from defects.library import DefectText
from defects.models import TYPE_LABELS, Defect, DefectMove, DefectType
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.importing.fields import Field, choice, code, day, lines, number, switch, text, words
from kb.importing.identity import Key, chunks, ids_of, numbered
from kb.importing.loading import Draft, Progress, Settle, drafts_of
from kb.importing.outcome import BadRow, Outcome, Record

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
)
# fmt: on

S, A = DefectState, DefectAction
LIFE = (A.CONFIRM, A.START, A.FIX, A.VERIFY, A.CLOSE)
#: State named in a row → the steps from 疑似 to it. 重复 has none: the surviving record is what matters.
WAYS = {
    S.SUSPECTED: (),
    S.CONFIRMED: LIFE[:1],
    S.IN_PROGRESS: LIFE[:2],
    S.FIXED: LIFE[:3],
    S.VERIFIED: LIFE[:4],
    S.CLOSED: LIFE,
    S.NOT_A_DEFECT: (A.REJECT,),
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
) -> Outcome:
    """Load records as ``by``; nothing is written when a row is bad, unless ``skip_bad``."""
    outcome = Outcome()

    def whole(values: dict[str, Any]) -> dict[str, Any]:
        return _whole(settle(values) if settle else values)

    drafts = drafts_of(records, FIELDS, outcome, settle=whole)
    if outcome.faults and not skip_bad:
        return outcome
    known = ids_of(session, Defect, [draft.key for draft in drafts])
    numbers = numbered(library.next_number(session))
    for part in chunks(drafts):
        _write(session, part, known, outcome, numbers=numbers, by=by)
        if progress:
            progress(len(part))
    return outcome


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    """What the fields must be together, before anything is written."""
    state = values["state"] or DefectState.SUSPECTED
    if state not in WAYS:
        raise BadRow(N_("重复的缺陷不导入，请导入它并入的那一条。"))
    try:
        library.check(_text(values))
        _walk(state, values)
    except Refused as refusal:
        raise BadRow(str(refusal)) from refusal
    return values


def _write(
    session: Session,
    drafts: Sequence[Draft],
    known: dict[Key, int],
    outcome: Outcome,
    *,
    numbers: Iterator[str],
    by: int,
) -> None:
    ids = [known[draft.key] for draft in drafts if draft.key in known]
    present = {row.id: row for row in session.scalars(select(Defect).where(Defect.id.in_(ids)))}
    for draft in drafts:
        defect = present.get(known.get(draft.key, 0))
        if defect is None:
            defect = library.begin(session, _text(draft.values), by=by, number=next(numbers))
            defect.source, defect.external_id = draft.key
            _take_over(session, defect, draft.values, by=by)
            outcome.new += 1
        elif library.as_stored(session, _text(draft.values)) == library.text_of(defect):
            outcome.unchanged += 1
        else:
            library.describe(session, defect, _text(draft.values))
            outcome.changed += 1
    session.flush()


def _text(values: dict[str, Any]) -> DefectText:
    owners: dict[str, Any] = {
        f"{name}_id": values.get(f"{name}_id") for name in ("owner_middle", "owner_back")
    }
    own: dict[str, Any] = {
        name: values[name] for name in DefectText.__dataclass_fields__ if name not in owners
    }
    return DefectText(**own, **owners)


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
