"""Tickets of one system put together and written down as groups that keep their identity.

Whom a group belongs to is ``finder.placing``'s rule: its successor is the group that keeps most of its
members. What was set aside stays set aside: its tickets stay in it whatever is found alike, new ones join it,
and it comes back by itself when it has grown considerably (``grown``). Only systems with something new are
grouped again, of each only its latest tickets. The invariants: a ticket is in one group at most; a group that
somebody decided on is never deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from defects.signatures import codes_in
from indexer.index import Index
from indexer.words import N_
from kb.columns import now
from portal.causes.wall.models import WallAction, WallGroup, WallMember, WallMove
from portal.causes.wall.unexplained import told_elsewhere, told_in, unplaced
from portal.finder.grouping import Together, Told, together
from portal.finder.placing import Placed, placed
from portal.tickets.models import Ticket

#: A group that was set aside comes back with so many new tickets …
GROWN_BY = 3
#: … and with so many for each that it had when it was set aside.
GROWN_SHARE = 0.5
CODES = 3
TITLES = 80
SHORT = 6


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How one system's tickets lie from now on, worked out without a lock."""

    system: int
    told: Mapping[int, Told]
    former: Mapping[int, int | None]
    held: frozenset[int]
    fresh: frozenset[int]
    """Those that nobody had placed when this was worked out."""
    behind: tuple[int, ...]
    """Of a very busy system: those too far back to be compared."""
    groups: tuple[tuple[Placed, tuple[str, ...]], ...]
    """With the words that most of each share."""


def arranged(session: Session, system: int, index: Index | None) -> Arrangement:
    """How the tickets of ``system`` group now; reads only."""
    told, former = told_in(session, system)
    held = _aside(session, former.values())
    found = together(told, index, beside=told_elsewhere(session, system))
    waiting = unplaced(session, system)
    return Arrangement(
        system,
        {one.id: one for one in told},
        former,
        held,
        frozenset(waiting & former.keys()),
        tuple(sorted(waiting - former.keys())),
        tuple(_named(found, former, held)),
    )


def _named(
    found: Sequence[Together], former: Mapping[int, int | None], held: Collection[int]
) -> Iterable[tuple[Placed, tuple[str, ...]]]:
    words = {number: group.words for group in found for number in group.members}
    members = [_without_strangers(group.members, former, held) for group in found]
    for group in placed([each for each in members if each], former, held=held):
        yield group, words[group.members[0]]


def _without_strangers(
    members: tuple[int, ...], former: Mapping[int, int | None], held: Collection[int]
) -> tuple[int, ...]:
    """A few set aside must not draw a larger group on the wall away with them: they stay where they are."""
    aside = [number for number in members if former.get(number) in held]
    standing = [number for number in members if former.get(number) is not None and number not in aside]
    if aside and len(standing) > len(aside):
        return tuple(number for number in members if number not in aside)
    return members


def _aside(session: Session, ids: Iterable[int | None]) -> frozenset[int]:
    known = {number for number in ids if number is not None}
    wanted = select(WallGroup.id).where(WallGroup.id.in_(known), WallGroup.dismissed_at.is_not(None))
    return frozenset(session.scalars(wanted))


# ---------------------------------------------------------------------------- writing it down


def arrange(session: Session, plan: Arrangement) -> int:
    """Write an arrangement down; returns how many groups it touched.

    Nothing when another worker has placed its new tickets, or somebody has set a group aside, meanwhile.
    """
    known = select(WallMember).where(WallMember.ticket_id.in_([*plan.told, *plan.behind]))
    members = {row.ticket_id: row for row in session.scalars(known)}
    if members.keys() & {*plan.fresh, *plan.behind}:
        return 0
    if any(row.group_id != plan.former[number] for number, row in members.items()):
        return 0
    if _aside(session, plan.former.values()) != plan.held:
        return 0
    moved: dict[int, int | None] = dict.fromkeys(plan.behind)
    moved |= {number: None for number in plan.told if plan.former.get(number) not in plan.held}
    touched = 0
    for group, words in plan.groups:
        row = _row_of(session, group, plan.system)
        moved.update(dict.fromkeys(group.members, row.id))
        touched += _describe(session, row, group, plan, words)
    _write(session, members, moved)
    _come_back(session, plan.system)
    _tidy(session, plan.system)
    return touched


def _row_of(session: Session, group: Placed, system: int) -> WallGroup:
    known = session.get(WallGroup, group.group) if group.group is not None else None
    if known is not None:
        return known
    moment = now(session)
    row = WallGroup(system_id=system, created_at=moment, updated_at=moment)
    session.add(row)
    session.flush()
    return row


def _describe(
    session: Session, row: WallGroup, group: Placed, plan: Arrangement, words: Sequence[str]
) -> bool:
    """In its tickets' own words; one that was set aside keeps the words it is known by."""
    changed = any(plan.former.get(number) != row.id for number in group.members)
    if not changed and len(group.members) == row.size:
        return False
    if row.dismissed_at is None or not row.title:
        told = [plan.told[number] for number in group.members]
        row.words, row.codes = list(words), shared_codes([one.text for one in told])
        row.title = typical([one.text.split("\n", 1)[0] for one in told], row.words)
        row.size = len(group.members)
    if changed:
        row.updated_at = now(session)
    return True


def typical(titles: Sequence[str], words: Sequence[str]) -> str:
    """The title that says most of what all share; of equals the shortest that says something."""
    folded = [word.lower() for word in words]

    def said(place: int) -> tuple[int, bool, int, int]:
        title = titles[place].lower()
        return (-sum(word in title for word in folded), len(title) < SHORT, len(title), place)

    return titles[min(range(min(len(titles), TITLES)), key=said)]


def shared_codes(texts: Sequence[str]) -> list[str]:
    """Error codes that at least two of them name, those that most name first."""
    counted = Counter(code for text in texts for code in set(codes_in(text)))
    named = sorted(counted, key=lambda code: (-counted[code], code))
    return [code for code in named if counted[code] > 1][:CODES]


def _write(session: Session, members: dict[int, WallMember], moved: Mapping[int, int | None]) -> None:
    moment = now(session)
    for number, group in moved.items():
        row = members.get(number)
        if row is None:
            session.add(WallMember(ticket_id=number, group_id=group, placed_at=moment))
        elif row.group_id != group:
            row.group_id = group
    session.flush()


def grown(new: int, before: int) -> bool:
    """Have so many new ones come to what was set aside that it must be looked at again?"""
    return new >= max(GROWN_BY, ceil(GROWN_SHARE * before))


def new_since(session: Session, groups: Sequence[WallGroup]) -> dict[int, int]:
    """Group → how many of its tickets were filed after it was set aside."""
    rows = session.execute(
        select(WallGroup.id, func.count())
        .join(WallMember, WallMember.group_id == WallGroup.id)
        .join(Ticket, Ticket.id == WallMember.ticket_id)
        .where(
            WallGroup.id.in_([row.id for row in groups]),
            WallGroup.dismissed_at.is_not(None),
            Ticket.filed_at > WallGroup.dismissed_at,
        )
        .group_by(WallGroup.id)
    )
    return {number: count for number, count in rows.all()}  # noqa: C416 - a Row is no pair to dict()


def _come_back(session: Session, system: int) -> None:
    aside = session.scalars(
        select(WallGroup).where(WallGroup.system_id == system, WallGroup.dismissed_at.is_not(None))
    ).all()
    new = new_since(session, aside)
    for row in aside:
        if grown(new.get(row.id, 0), row.dismissed_size):
            row.dismissed_at, row.came_back_at = None, now(session)
            note = N_("搁置之后又来了很多，自动回到墙上")
            row.moves.append(WallMove(action=WallAction.COME_BACK, by_id=None, at=now(session), note=note))
    session.flush()


def _tidy(session: Session, system: int) -> None:
    """Groups to which nothing belongs any more and on which nobody decided anything."""
    empty = ~exists().where(WallMember.group_id == WallGroup.id)
    decided = exists().where(WallMove.group_id == WallGroup.id)
    for row in session.scalars(select(WallGroup).where(WallGroup.system_id == system, empty, ~decided)):
        session.delete(row)
    session.flush()
