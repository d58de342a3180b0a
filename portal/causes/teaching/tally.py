"""How many judgements of each kind, by system and by post; people are counted, never ranked.

What counts here is what ``finder.judgements`` learns from: one row of a person, standing and not struck out
(a ticket with several rejections is several judgements here, and one question there). One aggregate for
each source, as large as systems times people. The invariant: whoever is bound to systems is told of those.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, exists, func, literal, null, select
from sqlalchemy.orm import Session

from defects.flow import DefectState
from defects.models import Defect, DefectMove
from portal.catalogue.models import System
from portal.finder.judgements import ANSWERS, STANDING, Provenance
from portal.finder.lessons.models import Source, StruckJudgement
from portal.finder.lessons.standing import struck
from portal.finder.models import Consultation, Outcome, Shown
from portal.people.models import Person, PersonPost
from portal.people.roles import BOUND_TO_SYSTEMS, PERMISSIONS, Permission, Post
from portal.tickets.models import ArticleLink, DefectLink, LinkVerdict, Ticket

#: Whose hand a judgement of this kind is; somebody with two posts is counted under the one that fits.
HANDS = {
    Provenance.LINKED: Permission.LINK_DEFECTS,
    Provenance.REJECTED: Permission.LINK_DEFECTS,
    Provenance.NONE: Permission.LINK_DEFECTS,
    Provenance.ANSWERED: Permission.WORK_FRONT,
    Provenance.MERGED: Permission.CURATE_DEFECTS,
}
#: PostgreSQL takes the same CASE with other parameters for another one, so it is grouped by its name.
GROUPED = "provenance_told"
#: Whoever asked for themselves.
USER = ""


@dataclass(slots=True)
class Tally:
    systems: dict[str, Counter[Provenance]] = field(default_factory=lambda: defaultdict(Counter))
    posts: dict[str, Counter[Provenance]] = field(default_factory=lambda: defaultdict(Counter))
    total: Counter[Provenance] = field(default_factory=Counter)
    struck: int = 0

    @property
    def by_system(self) -> list[tuple[str, Counter[Provenance]]]:
        """The system with most judgements first."""
        return sorted(self.systems.items(), key=lambda one: (-one[1].total(), one[0]))

    @property
    def by_post(self) -> list[tuple[str, Counter[Provenance]]]:
        """In the order of the posts' names, not of their numbers."""
        return sorted(self.posts.items())

    def add(self, provenance: Provenance, system: str, post: str, count: int) -> None:
        self.systems[system][provenance] += count
        self.posts[post][provenance] += count
        self.total[provenance] += count


@dataclass(frozen=True, slots=True)
class _Line:
    provenance: Provenance
    system: str
    by: int | None
    count: int


def systems_of(person: Person) -> frozenset[str] | None:
    """The systems whose judgements this person is told of; None: of all."""
    if any(row.post not in BOUND_TO_SYSTEMS and _reads(row.post) for row in person.posts):
        return None
    return frozenset(code for row in person.posts if _reads(row.post) for code in row.systems)


def _reads(post: Post) -> bool:
    return Permission.READ_LEARNING in PERMISSIONS[post]


def tally_of(session: Session, *, since: datetime | None, systems: Collection[str] | None) -> Tally:
    lines = [line for line in _lines(session, since) if systems is None or line.system in systems]
    posts = _posts(session, {line.by for line in lines if line.by is not None})
    found = Tally(struck=_struck(session) if systems is None else 0)
    for line in lines:
        found.add(line.provenance, line.system, _hand(line, posts), line.count)
    return found


def _hand(line: _Line, posts: dict[int, list[Post]]) -> str:
    held = posts.get(line.by, []) if line.by is not None else []
    fitting = [post for post in held if HANDS.get(line.provenance) in PERMISSIONS[post]]
    return next(map(str, fitting or held), USER)


def _posts(session: Session, people: Collection[int]) -> dict[int, list[Post]]:
    found: defaultdict[int, list[Post]] = defaultdict(list)
    wanted = select(PersonPost.person_id, PersonPost.post).where(PersonPost.person_id.in_(people))
    for person, post in session.execute(wanted.order_by(PersonPost.id)):
        found[person].append(post)
    return found


def _struck(session: Session) -> int:
    wanted = select(func.count()).select_from(StruckJudgement).where(StruckJudgement.restored_at.is_(None))
    return session.scalar(wanted) or 0


# ------------------------------------------------------------------ the sources


def _lines(session: Session, since: datetime | None) -> Iterator[_Line]:
    for wanted in (_links(since), _answers(since), _questions(since), _merges(since)):
        for kind, system, by, count in session.execute(wanted):
            yield _Line(Provenance(kind), system or "", by, count)


def _links(since: datetime | None) -> Select[*tuple[Any, ...]]:
    kind = case(
        (DefectLink.verdict == LinkVerdict.LINKED, Provenance.LINKED.value),
        (DefectLink.together.is_not(None), Provenance.NONE.value),
        else_=Provenance.REJECTED.value,
    ).label(GROUPED)
    # "None of these" is one answer, however many records it tells apart.
    answers = func.count(func.coalesce(DefectLink.together, DefectLink.id).distinct())
    wanted = (
        select(kind, System.code, DefectLink.by_id, answers)
        .join(Ticket, DefectLink.ticket_id == Ticket.id)
        .join(System, Ticket.system_id == System.id)
        .where(*STANDING)
        .group_by(GROUPED, System.code, DefectLink.by_id)
    )
    return wanted if since is None else wanted.where(DefectLink.at >= since)


def _answers(since: datetime | None) -> Select[*tuple[Any, ...]]:
    kind = _always(Provenance.ANSWERED)
    wanted = (
        select(kind, System.code, ArticleLink.by_id, func.count())
        .join(Ticket, ArticleLink.ticket_id == Ticket.id)
        .join(System, Ticket.system_id == System.id)
        .where(ArticleLink.id.not_in(struck(Source.ANSWER)))
        .group_by(System.code, ArticleLink.by_id)
    )
    return wanted if since is None else wanted.where(ArticleLink.at >= since)


def _questions(since: datetime | None) -> Select[*tuple[Any, ...]]:
    kind = case(
        (Consultation.outcome == Outcome.SOLVED, Provenance.SOLVED.value), else_=Provenance.IN_VAIN.value
    ).label(GROUPED)
    read = exists().where(
        Shown.consultation_id == Consultation.id, Shown.kind.in_(ANSWERS), Shown.opened_at.is_not(None)
    )
    told = case((Consultation.outcome == Outcome.SOLVED, Consultation.solved_kind.in_(ANSWERS)), else_=read)
    wanted = (
        select(kind, Consultation.system, _nobody(), func.count())
        .where(
            Consultation.outcome.in_((Outcome.SOLVED, Outcome.FILED)),
            told,
            Consultation.id.not_in(struck(Source.CONSULTATION)),
        )
        .group_by(GROUPED, Consultation.system)
    )
    return wanted if since is None else wanted.where(Consultation.at >= since)


def _merges(since: datetime | None) -> Select[*tuple[Any, ...]]:
    kind = _always(Provenance.MERGED)
    last = (
        select(func.max(DefectMove.id))
        .where(DefectMove.defect_id == Defect.id, DefectMove.end == DefectState.DUPLICATE)
        .correlate(Defect)
        .scalar_subquery()
    )
    wanted = (
        select(kind, Defect.system, DefectMove.by_id, func.count())
        .join(DefectMove, DefectMove.id == last)
        .where(
            Defect.state == DefectState.DUPLICATE,
            Defect.duplicate_of_id.is_not(None),
            Defect.id.not_in(struck(Source.MERGE)),
        )
        .group_by(Defect.system, DefectMove.by_id)
    )
    return wanted if since is None else wanted.where(DefectMove.at >= since)


def _always(provenance: Provenance) -> Any:
    return literal(provenance.value)


def _nobody() -> Any:
    return null()
