"""The sample's gaps: what people asked in vain, and what the editors decided on it.

One of them was solved by an article and is asked less since, one is in the works, one was not wanted. The
askings go in through the desk's own tables and are grouped by its own verbs, by words alone: the worker
adds what the index knows.
"""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb import articles
from kb.articles import ArticleText
from kb.columns import CLOCK
from kb.flow import ArticleAction, Duty, Refused
from kb.models import Article, ArticleKind
from portal.curation.drafts import growing
from portal.curation.drafts.composing import composed, only_questions
from portal.curation.drafts.material import material_of
from portal.curation.gaps import deciding, searching
from portal.curation.gaps.gathering import gather
from portal.curation.gaps.grouping import arrange, arranged, waiting_systems
from portal.curation.gaps.models import Gap, GapAsk
from portal.curation.gaps.record import tickets_of
from portal.finder.models import Consultation, Outcome, Shown
from portal.people.models import Person
from portal.people.roles import Post
from portal.sample import material
from portal.sample.cast import Cast

WEEKS = timedelta(weeks=25)
LATELY = timedelta(days=27)
#: Of three who ask in vain two type into a search box, one asks for help and leaves.
SEARCHED = 0.66


def dig(session: Session, cast: Cast, *, dice: random.Random, today: datetime) -> None:
    """Ask, group, decide."""
    concerns: list[dict[str, Any]] = material.read("gaps.yaml")
    before = session.info.get(CLOCK)
    askers = [person for person in cast.people if not person.posts] + cast.holding(Post.AGENT)[:4]
    try:
        for concern in concerns:
            _ask(session, concern, askers, dice=dice, today=today)
        session.info[CLOCK] = today
        while gather(session, limit=1_000):
            pass
        _group(session)
        editors = cast.holding(Post.EDITOR)
        for concern in concerns:
            _decide(session, concern, editors, askers, dice=dice, today=today)
    finally:
        session.info[CLOCK] = before


def _moments(concern: dict[str, Any], dice: random.Random, today: datetime) -> Iterator[datetime]:
    end = today - timedelta(days=concern.get("published", 0), hours=2)
    start = today - WEEKS
    for _ in range(concern["asked"]):
        yield start + (end - start) * dice.random() ** 0.8
    for _ in range(concern.get("lately", 0)):
        yield today - LATELY * dice.random() - timedelta(hours=1)


def _ask(
    session: Session,
    concern: dict[str, Any],
    askers: Sequence[Person],
    *,
    dice: random.Random,
    today: datetime,
) -> None:
    after = [
        today - timedelta(days=dice.uniform(1, concern["published"] - 2))
        for _ in range(concern.get("after", 0))
    ]
    for at in (*sorted(_moments(concern, dice, today)), *after):
        asker, text = dice.choice(askers), dice.choice(concern["says"])
        if dice.random() < SEARCHED:
            session.info[CLOCK] = at
            searching.remember(session, text, by=asker, system=concern["system"])
        else:
            session.add(_left(asker, text, concern["system"], at))
    session.flush()


def _left(asker: Person, text: str, system: str, at: datetime) -> Consultation:
    return Consultation(
        token=secrets.token_urlsafe(16),
        person_id=asker.id,
        at=at,
        text=text,
        system=system,
        mode="hybrid",
        outcome=Outcome.LEFT,
        ended_at=at + timedelta(minutes=3),
    )


def _group(session: Session) -> None:
    while systems := waiting_systems(session, limit=100):
        for system in systems:
            arrange(session, arranged(session, system, None))
    first = dict(
        session.execute(
            select(GapAsk.gap_id, func.min(GapAsk.at))
            .where(GapAsk.gap_id.is_not(None))
            .group_by(GapAsk.gap_id)
        ).all()
    )
    for gap in session.scalars(select(Gap)):
        gap.created_at = first[gap.id] + timedelta(days=2)


def _gap_of(session: Session, concern: dict[str, Any]) -> Gap | None:
    """Where most of its wordings came to lie."""
    rows = session.scalars(
        select(GapAsk.gap_id).where(GapAsk.text.in_(concern["says"]), GapAsk.gap_id.is_not(None))
    )
    found = Counter(rows).most_common(1)
    return session.get(Gap, found[0][0]) if found else None


def _decide(
    session: Session,
    concern: dict[str, Any],
    editors: Sequence[Person],
    askers: Sequence[Person],
    *,
    dice: random.Random,
    today: datetime,
) -> None:
    gap, by = _gap_of(session, concern), editors[0]
    if gap is None or concern["fate"] == "open":
        return
    if concern["fate"] == "dismissed":
        session.info[CLOCK] = today - timedelta(days=12)
        deciding.dismiss(session, gap, reason=concern["why"], by=by)
    elif concern["fate"] == "adopted":
        session.info[CLOCK] = today - timedelta(days=2)
        deciding.adopt(session, gap, _drafted(session, gap, by), by=by)
    else:
        article = _solved(session, concern, gap, editors, today=today)
        _help(session, concern, article, askers, dice=dice, today=today)


def _drafted(session: Session, gap: Gap, by: Person) -> Article:
    words = material_of(session, tickets_of(session, gap, by)[:8])
    try:
        draft = composed(words, asked=(gap.title,))
    except Refused:
        draft = only_questions(words, asked=(gap.title,))
    return growing.start(session, draft, title=gap.title, by=by)


def _solved(
    session: Session, concern: dict[str, Any], gap: Gap, editors: Sequence[Person], *, today: datetime
) -> Article:
    """Written, adopted, checked by a colleague, published."""
    written, told = editors[0], concern["article"]
    published = today - timedelta(days=concern["published"])
    session.info[CLOCK] = published - timedelta(days=4)
    text = ArticleText(
        title=told["title"],
        body=told["body"],
        kind=ArticleKind.HOWTO,
        system=concern["system"],
        module=concern["module"],
        category="consultation",
        keywords=tuple(told["keywords"]),
        also=tuple(told["also"]),
    )
    article = articles.write(session, text, by=written.id)
    deciding.adopt(session, gap, article, by=written)
    for by, action in ((written, ArticleAction.SUBMIT), (editors[1], ArticleAction.PUBLISH)):
        session.info[CLOCK] = published
        articles.move(session, article, action, by=by.id, duties=frozenset({Duty.WRITE, Duty.PUBLISH}))
    deciding.settle_published(session)
    return article


def _help(
    session: Session,
    concern: dict[str, Any],
    article: Article,
    askers: Sequence[Person],
    *,
    dice: random.Random,
    today: datetime,
) -> None:
    """Those who found it by themselves since."""
    for _ in range(concern["helped"]):
        at = today - timedelta(days=dice.uniform(1, concern["published"] - 2))
        asked = _left(dice.choice(askers), dice.choice(concern["says"]), concern["system"], at)
        asked.outcome, asked.solved_kind, asked.solved_id = Outcome.SOLVED, "article", article.id
        asked.trusted, asked.offered = True, 1
        asked.shown = [
            Shown(kind="article", subject_id=article.id, rank=1, probability=0.82, opened_at=asked.ended_at)
        ]
        session.add(asked)
    session.flush()
