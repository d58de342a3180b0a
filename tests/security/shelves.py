"""Every kind of article there can be, and who may read which: said here once more, by hand.

For each audience × unit × state one article, each with words of its own, so that whatever an answer shows
is recognised. What a person may read follows from the tables below and not from the code under test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.texts import DefectText
from kb import articles
from kb.articles import ArticleText
from kb.audience import Audience
from kb.flow import ArticleState
from kb.models import Article, ArticleKind
from portal.db import transaction
from portal.finder.models import Consultation, Outcome, Shown
from portal.tickets import attachments, desk
from portal.tickets.models import ArticleLink, Attachment, Ticket
from portal.tickets.words import Action, Category
from tests.security.workshop import furnish
from tests.web.conftest import png_of
from tests.world import MOMENT, World

SHARED = "轮巡样稿"
UNITS = (None, "ld", "hl")
READABLE = frozenset({ArticleState.PUBLISHED, ArticleState.DUE})

#: Who looks, in which unit they are at home, and which audiences they belong to.
E, S, X = Audience.EVERYONE, Audience.STAFF, Audience.EXPERTS
LEVELS: dict[str, set[Audience]] = {
    "wang": {E},
    "zhao": {E},
    "admin": {E},
    "agent": {E, S},
    "supervisor": {E, S},
    "engineer": {E, S, X},
    "analyst": {E, S, X},
    "expert": {E, S, X},
    "editor": {E, S, X},
}
AT_HOME: dict[str, set[str]] = {
    "wang": {"hq", "ld", "ld-cy"},
    "zhao": {"hq", "hl"},
    "agent": {"hq", "ld", "ld-cy"},
    "supervisor": {"hq", "ld", "ld-cy"},
}
#: Whoever writes or publishes articles works on all of them, off line too.
WORKERS = frozenset({"expert", "editor"})
VIEWERS = tuple(LEVELS)


@dataclass(frozen=True, slots=True)
class Sample:
    """One article; ``mark`` is in its title, the others in its body, its other wordings, its key words."""

    place: int
    id: int
    number: str
    audience: Audience
    unit: str | None
    state: ArticleState
    file: int
    language: str = "zh"

    @property
    def mark(self) -> str:
        return f"zq{self.place:03d}"

    def __str__(self) -> str:
        return f"{self.number} {self.audience} {self.unit} {self.state} {self.language}"


@dataclass(frozen=True, slots=True)
class Shelves:
    """Everything that stands there, and what hangs on it."""

    samples: tuple[Sample, ...]
    ticket: str
    defect: str

    def readable(self, login: str | None) -> set[int]:
        """The places of the articles that this person may find and read."""
        if login is None:
            return set()
        home = AT_HOME.get(login, {"hq"})
        return {
            row.place
            for row in self.samples
            if row.state in READABLE
            and row.audience in LEVELS[login]
            and (row.unit is None or row.unit in home)
        }

    def openable(self, login: str | None) -> set[int]:
        """… and of those whose pages they may open because they work on them."""
        return {row.place for row in self.samples} if login in WORKERS else self.readable(login)


MARK = re.compile(r"z[qbak](\d{3})(?!\d)")
TITLE = re.compile(r"zq(\d{3})(?!\d)")


def marks_in(text: str, *, besides: Sample | None = None) -> set[int]:
    """Places of the articles whose words stand in a text; what was asked with doesn't count."""
    found = {int(place) for place in MARK.findall(text)}
    if besides is None:
        return found
    return found - {besides.place} | {int(place) for place in TITLE.findall(text)}


def shelve(maker: sessionmaker[Session], folder: Path, *, kind: ArticleKind = ArticleKind.FAQ) -> Shelves:
    """Write them all; each hangs on one ticket and one defect record and was opened before that filing."""
    with transaction(maker) as session:
        world = World.of(session)
        made = [_article(session, world, folder, *given, kind=kind) for given in _kinds()]
        rows = [(row.id, file) for row, file in made]
        for row, _file in made[1:]:
            if row.language == "en":
                row.translation_of_id = made[0][0].id
        ticket = _ticket(session, world, [number for number, _file in rows])
        defect = _defect(session, world, [row for row, _file in made])
        furnish(session, world, [row for row, _file in made])
        for (_place, _audience, _unit, state, _language), (row, _file) in zip(_kinds(), made, strict=True):
            row.state = state  # looking after articles moves them on
        samples = tuple(_sample(place, row, file) for place, (row, file) in enumerate(made))
        return Shelves(samples, ticket.number, defect)


def _kinds() -> Iterator[tuple[int, Audience, str | None, ArticleState, str]]:
    """The first is for everybody; those in English are its translations, some of them not for everybody."""
    first = (E, None, ArticleState.PUBLISHED)
    others = [given for given in product(Audience, UNITS, ArticleState) if given != first]
    for place, given in enumerate([first, *others]):
        yield place, *given, "zh"
    translations = (
        (E, None, ArticleState.DRAFT),
        (S, None, ArticleState.PUBLISHED),
        (E, "hl", ArticleState.DUE),
    )
    for place, given in enumerate(translations, 1 + len(others)):
        yield place, *given, "en"


def _article(
    session: Session,
    world: World,
    folder: Path,
    place: int,
    audience: Audience,
    unit: str | None,
    state: ArticleState,
    language: str,
    *,
    kind: ArticleKind,
) -> tuple[Article, Attachment]:
    author = world.people["editor" if place % 2 else "expert"]
    text = ArticleText(
        title=f"{SHARED} zq{place:03d}",
        body=f"{SHARED}正文 zb{place:03d}\n\n1. 第一步。",
        kind=kind,
        language=language,
        system="mkt",
        module="bill",
        category="consultation",
        keywords=[f"zk{place:03d}"],
        also=[f"另一种说法 za{place:03d}"],
        audience=audience,
        units=[unit] if unit else [],
    )
    article = articles.write(session, text, by=author.id)
    picture = attachments.Upload(f"zq{place:03d}.png", png_of(8, 8))
    (file,) = attachments.illustrate(
        session, article, [picture], by=world.people["editor"], folder=folder, limit_mb=5
    )
    article.state = state  # any state at all, however one comes into it
    article.published_at = MOMENT
    session.flush()
    return article, file


def _sample(place: int, row: Article, file: Attachment) -> Sample:
    unit = next(iter(row.units), None)
    return Sample(place, row.id, row.number, row.audience, unit, row.state, file.id, row.language)


def _ticket(session: Session, world: World, ids: Iterable[int]) -> Ticket:
    """王小雨's, answered with every article there is, after all of them had been opened."""
    wang, agent = world.people["wang"], world.people["agent"]
    request = desk.Request(
        text="电费核算怎么做", category=Category.CONSULTATION, system=world.systems["mkt"], requester=wang
    )
    ticket = desk.file(session, request, by=wang)
    desk.move(session, ticket, Action.TAKE, by=agent)
    desk.move(session, ticket, Action.ANSWER, by=agent, given=desk.Given(note="请看这些。"))
    lately = datetime.now(UTC) - timedelta(days=1)  # within every page's usual period
    asked = Consultation(
        token="asked-before", person_id=wang.id, at=lately, text="怎么做", outcome=Outcome.FILED
    )
    asked.ended_at = asked.settled_at = lately
    asked.ticket_id = ticket.id
    for rank, number in enumerate(ids, 1):
        session.add(ArticleLink(ticket=ticket, article_id=number, by_id=agent.id, at=MOMENT))
        asked.shown.append(Shown(kind="article", subject_id=number, rank=rank, opened_at=lately))
    session.add(asked)
    session.flush()
    return ticket


def _defect(session: Session, world: World, rows: Iterable[Article]) -> str:
    expert = world.people["expert"].id
    text = DefectText(title="电费核算打印空白", system="mkt", workaround="先用旧版页面。")
    record = library.open_record(session, text, by=expert)
    moves.move(session, record, DefectAction.CONFIRM, by=expert, duties={DefectDuty.CURATE}, note="复现了")
    for row in rows:
        library.tie(session, record, row)
    return record.number
