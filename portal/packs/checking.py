"""How each item of a pack stands to what is here: compared by lineage, a part at a time.

A fixed number of queries for a part, however many items. The invariant: looking changes nothing here;
what may be chosen and what is chosen by default is a table (``words.CHOICES``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.flow import DEAD
from indexer.words import N_
from kb.flow import READABLE, Refused
from portal.finder.synonyms.models import SynonymGroup
from portal.packs import canonical, discretion, portable, ties
from portal.packs.idents import parts
from portal.packs.lineage import State, compared, state_of
from portal.packs.models import Pack, PackItem, PackTie
from portal.packs.places import Places, known
from portal.packs.schema import Item, item_of
from portal.packs.words import CHOICES, Choice, Fate, Kind, Standing


@dataclass(frozen=True, slots=True)
class Here:
    """A thing of this desk beside an item: its row, what it says, how it stands in the exchange."""

    row: Any
    said: portable.Portable
    state: State
    tie: PackTie | None

    @property
    def seen(self) -> str:
        """The digest of what it says, unmasked: what must still hold when the item is taken."""
        return canonical.digest(self.said.content)


def item_from(row: PackItem) -> Item:
    return item_of(row.kind, row.values)


def check_part(session: Session, pack: Pack, rows: Sequence[PackItem]) -> None:
    """Compare these items and write down how they stand."""
    places = Places.of(pack, known(session))
    for kind in Kind:
        of_kind = [row for row in rows if row.kind == kind]
        if of_kind and kind == Kind.SYNONYM:
            _check_synonyms(session, of_kind)
        elif of_kind:
            _check_things(session, kind, of_kind, places)
    session.flush()


def _check_things(session: Session, kind: Kind, rows: Sequence[PackItem], places: Places) -> None:
    here = beside(session, kind, [row.ident for row in rows])
    for row in rows:
        item, ours = item_from(row), here.get(row.ident)
        standing = _standing(item, ours)
        why = _misfit(item, places) if standing in TAKEN_WHOLE else None
        _settle(row, Standing.UNFIT if why else standing, why)
        row.seen = ours.seen if ours else ""
        row.subject_id = ours.row.id if ours else None


TAKEN_WHOLE = (Standing.NEW, Standing.THEIRS, Standing.CONFLICT)


def _standing(item: Item, ours: Here | None) -> Standing:
    gone = item.content is None
    if gone and ours is not None and not _is_live(item.kind, ours.row):
        return Standing.UNCHANGED
    return compared(item.stands, ours.state if ours else None, gone=gone)


def _is_live(kind: Kind, row: Any) -> bool:
    if kind == Kind.ARTICLE:
        return row.state in READABLE
    return row.state not in DEAD


def _misfit(item: Item, places: Places) -> Refused | None:
    try:
        settled = places.here(item.content or {})
    except Refused as refusal:
        return refusal
    if item.kind == Kind.DEFECT and not settled["system"]:
        return Refused(NO_SYSTEM, code=(item.content or {})["system"])
    return None


NO_SYSTEM = N_("缺陷必须属于一个系统，这里没有对应“%(code)s”的系统；请先在上面指定。")


def _settle(row: PackItem, standing: Standing, why: Refused | None = None) -> None:
    """Keep what a person has chosen as long as it may still be chosen."""
    row.standing, row.fate = standing, Fate.CHECKED
    row.sentence, row.told = (why.sentence, told(why.values)) if why else ("", {})
    if row.chosen_by_id is None or row.chosen not in CHOICES[standing]:
        row.chosen, row.chosen_by_id = CHOICES[standing][0], None


def told(values: Mapping[str, object]) -> dict[str, Any]:
    """A sentence's values as JSON has them."""
    return {name: value if isinstance(value, (str, int)) else str(value) for name, value in values.items()}


# ── what is here ─────────────────────────────────────────────────────────────────────────────────


def beside(session: Session, kind: Kind, idents: Sequence[str]) -> dict[str, Here]:
    """ident → what is here of it; what was taken and then undone is not here."""
    desk = ties.this_desk(session).desk
    ids = ties.subjects_of(session, kind, idents, desk=desk)
    model = ties.MODELS[kind]
    rows = {row.id: row for row in session.scalars(select(model).where(model.id.in_(ids.values())))}
    said = portable.of(session, kind, list(rows.values()), desk=desk)
    held = ties.ties_of(session, kind, rows)
    names = discretion.names_around(session, list(rows.values())) if kind == Kind.DEFECT else {}
    found = {}
    for ident, number in ids.items():
        tie = held.get(number)
        if number in rows and (tie is None or tie.line):
            found[ident] = _here(kind, rows[number], said[number], tie, names.get(number, set()))
    return found


def _here(kind: Kind, row: Any, said: portable.Portable, tie: PackTie | None, names: set[str]) -> Here:
    raw = canonical.digest(said.content)
    sent = canonical.digest(discretion.without_people(kind, said.content, names=names))
    line = tie.line if tie else []
    if tie is not None and line and raw == tie.agreed:
        return Here(row, said, State(sent, line[-1], tuple(line)), tie)
    return Here(row, said, state_of(sent, line=line, agreed=""), tie)


def _check_synonyms(session: Session, rows: Sequence[PackItem]) -> None:
    keys = {parts(row.ident)[1] for row in rows}
    groups = session.scalars(select(SynonymGroup).where(SynonymGroup.key.in_(keys)))
    here = {group.key: group for group in groups}
    for row in rows:
        group = here.get(parts(row.ident)[1])
        _settle(row, _of_group(item_from(row), group))
        row.subject_id = group.id if group else None


def _of_group(item: Item, group: SynonymGroup | None) -> Standing:
    """Groups are sets of words: they come and go, nothing in them changes."""
    gone = item.content is None
    if group is None:
        return Standing.UNCHANGED if gone else Standing.NEW
    if group.removed_at is not None:
        return Standing.UNCHANGED if gone else Standing.OURS
    return Standing.GONE if gone else Standing.UNCHANGED


def was_published(item: Item) -> bool:
    return item.kind == Kind.ARTICLE and item.state in {state.value for state in READABLE}


def choose(row: PackItem, choice: Choice, *, by_id: int) -> None:
    """What a person wants done with an item; only what its standing allows."""
    if row.standing is not None and row.fate == Fate.CHECKED and choice in CHOICES[row.standing]:
        row.chosen, row.chosen_by_id = choice, by_id
