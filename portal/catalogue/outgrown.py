"""Known errors that a unit has outgrown: what they tell of is repaired in the version that runs there.

Such an article is no answer for the people of that unit any more; its page still opens by its address and
says why. This is the one place of that rule: searching, suggesting, related and popular articles all ask
here, with one query. The invariant: only a repair that was verified counts, and an article that tells of
several defects is outgrown when the last of them is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, join, or_, select
from sqlalchemy.orm import Session, aliased

from defects.flow import DefectState
from defects.models import Defect, DefectArticle
from defects.recurrence import GONE
from defects.signatures import runs_fix
from kb.flow import READABLE, ArticleState
from kb.models import Article, ArticleKind
from kb.queries import readable_articles
from portal.catalogue.models import Deployment, System
from portal.catalogue.queries import today
from portal.catalogue.rollout import Runs
from portal.db import Checked
from portal.people.models import Person, Unit
from portal.people.queries import viewer_of
from portal.people.roles import Permission

#: Versions are few, and reading one takes longer than looking it up.
_runs = lru_cache(maxsize=4_096)(runs_fix)
#: The record that an article was tied to, and the one that stands for it after a merge.
TIED, ROOT = aliased(Defect), aliased(Defect)


@dataclass(frozen=True, slots=True)
class Repair:
    """A repaired defect and the version with its repair that runs in a unit."""

    number: str
    fixed_in: str
    running: str


@dataclass(frozen=True, slots=True)
class _Tie:
    """One defect that an article tells of, and what is deployed of its system on the way up from a unit."""

    number: str
    fixed_in: str
    state: DefectState
    otherwise: str
    rows: dict[str, Any]
    """Path of a unit → the columns of its deployment that :class:`Runs` reads."""

    def repair(self, unit: Unit, day: date) -> Repair | None:
        running = Runs(self.rows, self.otherwise, day).at(unit)
        is_over = self.state in GONE and _runs(running, self.fixed_in)
        return Repair(self.number, self.fixed_in, running) if is_over else None


def asks_for(person: Person) -> Unit | None:
    """The unit whose versions decide what this person is offered; staff answer for others, so none."""
    return None if person.may(Permission.READ_STAFF_TEXTS) else person.unit


def outgrown(
    session: Session, unit: Unit | None, among: Collection[int] | None = None
) -> dict[int, tuple[Repair, ...]]:
    """Articles that this unit has outgrown, by id, with what was repaired; ``None``: all of them.

    One query, none when there is nothing to ask about.
    """
    if unit is None or (among is not None and not among):
        return {}
    day, found = today(session), {}
    for number, ties in _ties(session, unit, among).items():
        repairs = [tie.repair(unit, day) for tie in ties.values()]
        if all(repairs):
            found[number] = tuple(filter(None, repairs))
    return found


def outgrown_among(session: Session, unit: Unit | None, rows: Iterable[object]) -> frozenset[int]:
    """Ids of the articles among these rows that this unit has outgrown; only known errors are asked about."""
    known = [row.id for row in rows if isinstance(row, Article) and row.kind == ArticleKind.KNOWN_ERROR]
    return frozenset(outgrown(session, unit, known))


def offered_articles(session: Session, person: Person) -> Select[Article]:
    """What this person may read, without what their unit has outgrown: for lists that offer articles."""
    readable = readable_articles(viewer_of(person))
    gone = outgrown(session, asks_for(person))
    return readable.where(Article.id.not_in(sorted(gone))) if gone else readable


def _ties(session: Session, unit: Unit, among: Collection[int] | None) -> dict[int, dict[str, _Tie]]:
    """Article → number of each record that it tells of → how that stands."""
    given = {"chain": unit.ancestry} | ({"among": list(among)} if among is not None else {})
    found: dict[int, dict[str, _Tie]] = {}
    for row in session.execute(_above(every=among is None), given):
        ties = found.setdefault(row.article, {})
        tie = ties.setdefault(row.number, _Tie(row.number, row.fixed_in or "", row.state, row.otherwise, {}))
        if row.path is not None:
            tie.rows[row.path] = row
    return found


@cache
def _above(*, every: bool) -> Select[Any]:
    """Every tie with what is deployed in the unit and in those above it; built once, it is asked often."""
    record = (ROOT.number, ROOT.fixed_in, ROOT.state, func.coalesce(System.version, "").label("otherwise"))
    here = (Deployment.version, Deployment.since, Deployment.next_version, Deployment.next_on)
    within = Unit.code.in_(bindparam("chain", expanding=True))
    deployed = join(Deployment, Unit, and_(Unit.id == Deployment.unit_id, within))
    ids: Any = telling_of_repairs() if every else bindparam("among", expanding=True)
    return (
        told_of(select(Article.id.label("article"), *record, Unit.path, *here), Article, every=every)
        .outerjoin(System, System.code == ROOT.system)
        .outerjoin(deployed, Deployment.system_id == System.id)
        .where(Article.id.in_(ids))
    )


def telling_of_repairs() -> Select[Any]:
    """Ids of known errors that readers find and that tell of something repaired, as a sub-query."""
    near = aliased(Article)
    return told_of(select(near.id), near, every=True).where(ROOT.state.in_(GONE)).correlate(None)


def told_of(
    wanted: Any, article: Any, *, states: Collection[ArticleState] = READABLE, every: bool = False
) -> Select[Any]:
    """Known errors with ``ROOT``, the records they tell of; a translation tells what its original does.

    ``every``: no ids are known, and the database must not begin with all that is published.
    """
    state = Checked(article.state) if every else article.state
    told = or_(article.id == DefectArticle.article_id, article.translation_of_id == DefectArticle.article_id)
    found: Select[Any] = wanted.select_from(DefectArticle)
    return (
        found.join(article, told)
        .join(TIED, TIED.id == DefectArticle.defect_id)
        .join(ROOT, ROOT.id == func.coalesce(TIED.duplicate_of_id, TIED.id))
        .where(article.kind == ArticleKind.KNOWN_ERROR, state.in_(states))
        .where(ROOT.state != DefectState.NOT_A_DEFECT)
    )


def with_records(session: Session, wanted: Select[Any]) -> list[tuple[Article, list[Defect]]]:
    """The articles of a query for (Article, ROOT), each with all it tells of."""
    found: dict[int, tuple[Article, list[Defect]]] = {}
    for article, record in session.execute(wanted.order_by(Article.id, ROOT.id)):
        found.setdefault(article.id, (article, []))[1].append(record)
    return list(found.values())


def records_of(session: Session, articles: Collection[int]) -> dict[int, list[Defect]]:
    """What these articles tell of, whatever state they are in."""
    wanted = told_of(select(Article, ROOT), Article, states=tuple(ArticleState)).where(
        Article.id.in_(articles)
    )
    return {article.id: records for article, records in with_records(session, wanted)}
