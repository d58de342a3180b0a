"""Pairs of things that look alike: as they were found last, and which of them people told apart.

One rule for articles (``curation.quality.pairs``) and for records (``causes.wall.twins``), which bring their
tables, who of them is still living, who may judge and what a refusal says. How texts are alike is the
indexer's. The invariant: what somebody told apart is not proposed again while that judgement stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, ColumnElement, Select, Text, exists, select
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, mapped_column

from defects.models import Defect
from indexer.clusters import Pair
from kb.columns import UtcDateTime, now
from kb.models import Article
from portal.db import Base
from portal.people.models import Person

MOST = 500
WHY_LIMIT = 300


class FoundAlike(Base):
    """Two that look alike, the smaller number first; the table names what they are."""

    __abstract__ = True

    one_id: Mapped[int]
    other_id: Mapped[int]
    likeness: Mapped[float] = mapped_column()
    words: Mapped[list[str]] = mapped_column(JSON, default=list)
    one: Mapped[Any]
    other: Mapped[Any]


class ToldApart(Base):
    """Two that somebody told apart, the smaller number first; the table names what they are."""

    __abstract__ = True

    one_id: Mapped[int]
    other_id: Mapped[int]
    by_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    why: Mapped[str] = mapped_column(Text, default="")


T = TypeVar("T", Article, Defect)
F = TypeVar("F", bound=FoundAlike)
A = TypeVar("A", bound=ToldApart)


@dataclass(frozen=True, slots=True)
class Pairs(Generic[T, F, A]):
    """What is compared, the table of pairs found, the table of pairs told apart, and who is still living."""

    of: type[T]
    found: type[F]
    apart: type[A]
    living: Callable[[type[T]], ColumnElement[bool]]

    def settle(self, session: Session, pairs: Sequence[Pair]) -> int:
        """Write down which pairs were found; how many wait for somebody to look at them."""
        judged = select(self.apart.one_id, self.apart.other_id)
        apart = {(one, other) for one, other in session.execute(judged)}
        found = {ids(pair): pair for pair in pairs if ids(pair) not in apart}
        wanted = dict(list(found.items())[:MOST])
        for row in session.scalars(select(self.found)):
            pair = wanted.pop((row.one_id, row.other_id), None)
            if pair is None:
                session.delete(row)
            else:
                row.likeness, row.words = round(pair.likeness, 3), list(pair.words)
        there = set(session.scalars(select(self.of.id).where(self.living(self.of))))
        session.add_all(
            self.found(one_id=one, other_id=other, likeness=round(pair.likeness, 3), words=list(pair.words))
            for (one, other), pair in wanted.items()
            if {one, other} <= there
        )
        session.flush()
        return len(found)

    def proposed(self, *, system: str) -> Select[F]:
        """Pairs of living ones that nobody has judged, the likest first; no system is every system."""
        found, apart = self.found, self.apart
        one, other = aliased(self.of, name="one"), aliased(self.of, name="other")
        judged = exists().where(apart.one_id == found.one_id, apart.other_id == found.other_id)
        rows = (
            select(found)
            .join(one, one.id == found.one_id)
            .join(other, other.id == found.other_id)
            .where(self.living(one), self.living(other), ~judged)
            .options(contains_eager(found.one.of_type(one)), contains_eager(found.other.of_type(other)))
        )
        rows = rows.where(one.system == system) if system else rows
        return rows.order_by(found.likeness.desc(), found.one_id, found.other_id)

    def judged_apart(self, session: Session, one: T, other: T) -> A | None:
        return session.get(self.apart, tuple(sorted((one.id, other.id))))

    def keep_apart(self, session: Session, one: T, other: T, *, by: Person, why: str) -> A:
        """These two, which are not the same one, differ; said again, the first judgement stands."""
        former = self.judged_apart(session, one, other)
        if former is not None:
            return former
        first, second = sorted((one.id, other.id))
        told = why.strip()[:WHY_LIMIT]
        row = self.apart(one_id=first, other_id=second, by_id=by.id, at=now(session), why=told)
        session.add(row)
        session.flush()
        return row

    def reconsider(self, session: Session, one: T, other: T) -> bool:
        """Take that judgement back; whether there was one."""
        row = self.judged_apart(session, one, other)
        if row is None:
            return False
        session.delete(row)
        session.flush()
        return True


def ids(pair: Pair) -> tuple[int, int]:
    """Both of a pair, the smaller number first."""
    one, other = sorted((int(pair.one[1]), int(pair.other[1])))
    return one, other
