"""Askings of one system put together by meaning, and written down as gaps that keep their identity.

The likeness of texts is the indexer's, which asking belongs to which gap ``finder.placing``'s. Only systems
with something new are grouped again, and of each only its latest askings, so that a step is bounded. The
invariants: a gap that a person decided on is never taken apart, emptied or deleted; no gap begins with
fewer than two people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from indexer import clusters
from indexer.clusters import Alike
from indexer.document import Key
from indexer.index import Index
from kb.columns import now
from portal.curation.gaps.gathering import REACH
from portal.curation.gaps.models import Gap, GapAsk, GapMove
from portal.curation.wording import headline, middle_of, together, without_asking
from portal.finder.find import Finder
from portal.finder.placing import Placed, placed
from portal.people.models import Person

LATEST = 600
LEAST_PEOPLE = 2
SYSTEMS = 8
GUESSED = 60
BESIDE = 300
HERE, BESIDE_KEY = "ask", "beside"
#: A wording shorter or longer than this makes a poor name while there is a better one.
NAMES = range(6, 41)
COMPARED = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """An asking as far as grouping needs it."""

    id: int
    person_id: int
    gap_id: int | None
    module: str
    text: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How one system's askings lie from now on, worked out without a lock."""

    system: str
    pieces: Mapping[int, Piece]
    groups: tuple[tuple[Placed, tuple[str, ...]], ...]
    """With the words that most of each share."""


def waiting_systems(session: Session, *, limit: int = SYSTEMS) -> list[str]:
    """Systems with askings that nobody has grouped yet, those with most first."""
    rows = session.scalars(
        select(GapAsk.system)
        .where(GapAsk.placed_at.is_(None))
        .group_by(GapAsk.system)
        .order_by(func.count().desc(), GapAsk.system)
        .limit(limit)
    )
    return list(rows)


def systems_meant(session: Session, finder: Finder, *, limit: int = GUESSED) -> dict[int, str]:
    """Asking → the system it is probably about, for those that came without one; reads only."""
    rows = session.execute(
        select(GapAsk, Person)
        .join(Person, GapAsk.person_id == Person.id)
        .where(GapAsk.placed_at.is_(None), GapAsk.system == "")
        .order_by(GapAsk.id)
        .limit(limit)
    )
    guesses = ((ask.id, finder.predict(session, person, ask.text).system) for ask, person in rows)
    return {number: guess.value for number, guess in guesses if guess is not None}


def name_systems(session: Session, meant: Mapping[int, str]) -> None:
    """Write down what they are probably about."""
    for ask in session.scalars(select(GapAsk).where(GapAsk.id.in_(meant))):
        ask.system = meant[ask.id]
    session.flush()


# ---------------------------------------------------------------------------- working it out


def arranged(session: Session, system: str, index: Index | None) -> Arrangement:
    """How the askings of ``system`` group now; reads only."""
    pieces = _pieces(session, system)
    lasting = list(pieces.values())
    wordings = [[lasting[place].id for place in places] for places in together([one.text for one in lasting])]
    held = _held(session, {piece.gap_id for piece in pieces.values() if piece.gap_id is not None})
    first = {str(asks[0]): tuple(asks) for asks in wordings}
    texts = [_alike(pieces[asks[0]]) for asks in wordings] + _elsewhere(session, system)
    found = [
        group
        for group in clusters.groups(texts, _meanings(index, texts), least=1)
        if group.members[0][0] == HERE
    ]
    former = {piece.id: piece.gap_id for piece in pieces.values()}
    members = [tuple(ask for _, number in group.members for ask in first[number]) for group in found]
    members = [asks for asks in members if len(asks) > 1]
    words = {ask: group.words for group in found for _, number in group.members for ask in first[number]}
    groups = placed(members, former, held=held)
    return Arrangement(system, pieces, tuple((group, words[group.members[0]]) for group in groups))


def _alike(piece: Piece) -> Alike:
    return Alike((HERE, str(piece.id)), without_asking(piece.text), part=piece.module)


def _elsewhere(session: Session, system: str) -> list[Alike]:
    """What is asked about other systems: it tells which words say something, and is grouped with nothing.

    Without it a system about which everybody asks the same would have no telling words at all.
    """
    rows = session.execute(
        select(GapAsk.id, GapAsk.text).where(GapAsk.system != system).order_by(GapAsk.id.desc()).limit(BESIDE)
    )
    return [
        Alike((BESIDE_KEY, str(number)), without_asking(text), within=f"beside {number}")
        for number, text in rows
    ]


def _pieces(session: Session, system: str) -> dict[int, Piece]:
    """The latest askings, oldest first."""
    since = now(session) - REACH
    rows = session.execute(
        select(
            GapAsk.id, GapAsk.person_id, GapAsk.gap_id, GapAsk.module, GapAsk.text, GapAsk.placed_at.is_(None)
        )
        .where(GapAsk.system == system, GapAsk.at >= since)
        .order_by(GapAsk.at.desc(), GapAsk.id.desc())
        .limit(LATEST)
    ).all()
    return {row[0]: Piece(*row) for row in reversed(rows)}


def _held(session: Session, ids: Iterable[int]) -> set[int]:
    gaps = session.scalars(select(Gap).where(Gap.id.in_(sorted(ids))))
    return {gap.id for gap in gaps if gap.is_held}


def _meanings(index: Index | None, texts: Sequence[Alike]) -> Mapping[Key, Any] | None:
    """What each text means, where the encoder is there; without it, words alone."""
    embedder = index.embedder if index is not None else None
    if embedder is None or not embedder.ready or not texts:
        return None
    return dict(zip((one.key for one in texts), embedder.encode([one.text for one in texts]), strict=True))


# ---------------------------------------------------------------------------- writing it down


def arrange(session: Session, plan: Arrangement) -> int:
    """Write an arrangement down; returns how many gaps it touched.

    Nothing when another worker has placed its new askings meanwhile.
    """
    fresh = [piece.id for piece in plan.pieces.values() if piece.is_new]
    still = select(func.count()).where(GapAsk.id.in_(fresh), GapAsk.placed_at.is_(None))
    if (session.scalar(still) or 0) < len(fresh):
        return 0
    held = _held(session, {piece.gap_id for piece in plan.pieces.values() if piece.gap_id is not None})
    loose = (piece.id for piece in plan.pieces.values() if piece.gap_id not in held)
    moved: dict[int, int | None] = dict.fromkeys(loose)
    touched = 0
    for group, words in plan.groups:
        gap = _gap_of(session, group, plan, words)
        if gap is not None:
            touched += _describe(gap, group, plan, words, session)
            moved.update(dict.fromkeys(group.members, gap.id))
    _write(session, plan, moved)
    _tidy(session)
    return touched


def _gap_of(session: Session, group: Placed, plan: Arrangement, words: Sequence[str]) -> Gap | None:
    if group.group is not None and (gap := session.get(Gap, group.group)) is not None:
        return gap
    if len({plan.pieces[ask].person_id for ask in group.members}) < LEAST_PEOPLE:
        return None
    moment = now(session)
    gap = Gap(system=plan.system, title="", words=list(words), created_at=moment, updated_at=moment)
    session.add(gap)
    return gap


def _describe(gap: Gap, group: Placed, plan: Arrangement, words: Sequence[str], session: Session) -> bool:
    """Name it by its most typical wording; a gap in hand keeps the name it is known by."""
    pieces = [plan.pieces[ask] for ask in group.members]
    changed = any(piece.is_new or piece.gap_id != gap.id for piece in pieces)
    if not gap.title or (changed and not gap.is_held):
        gap.title = typical([piece.text for piece in pieces])
        gap.words = list(words)
        gap.module = _commonest([piece.module for piece in pieces])
    if changed:
        gap.updated_at = now(session)
    session.flush()
    return changed


def typical(texts: Sequence[str]) -> str:
    """The wording that is most like all the others, as a heading."""
    lines = list(dict.fromkeys(line for text in texts[:COMPARED] if (line := headline(text))))
    fitting = [line for line in lines if len(line) in NAMES] or lines
    return fitting[middle_of(fitting)] if fitting else texts[0][:60]


def _commonest(values: Sequence[str]) -> str:
    counted = Counter(value for value in values if value)
    return min(counted, key=lambda value: (-counted[value], value)) if counted else ""


def _write(session: Session, plan: Arrangement, moved: Mapping[int, int | None]) -> None:
    by_gap: dict[int | None, list[int]] = {}
    for ask, gap in moved.items():
        if plan.pieces[ask].gap_id != gap:
            by_gap.setdefault(gap, []).append(ask)
    for gap, asks in by_gap.items():
        _change(session, asks, gap_id=gap)
    _change(session, [piece.id for piece in plan.pieces.values() if piece.is_new], placed_at=now(session))
    # What lies too far back to be grouped is done with, too.
    behind = update(GapAsk).where(GapAsk.system == plan.system, GapAsk.placed_at.is_(None))
    old = behind.where(GapAsk.at < now(session) - REACH)
    session.execute(old.values(placed_at=now(session)).execution_options(synchronize_session=False))


def _change(session: Session, asks: Sequence[int], **values: Any) -> None:
    if asks:
        session.execute(
            update(GapAsk)
            .where(GapAsk.id.in_(asks))
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def _tidy(session: Session) -> None:
    """Gaps that nobody decided anything on and nothing belongs to any more."""
    session.flush()
    empty = ~exists().where(GapAsk.gap_id == Gap.id)
    decided = exists().where(GapMove.gap_id == Gap.id)
    gone = session.scalars(select(Gap).where(empty, ~decided))
    for gap in gone:
        if not gap.is_held:
            session.delete(gap)
    session.flush()


def forget_empty(session: Session) -> None:
    """After old searches were forgotten: what held nothing else."""
    _tidy(session)
