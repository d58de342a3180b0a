"""Articles that say the same: pairs alike by words and meaning, compared by a person, kept apart or merged.

How texts are alike is the indexer's business. The invariant: what somebody found to be different is not
proposed again, and merging leaves a way from the one to the other (``kb.care.merge``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import Session, aliased, contains_eager

from indexer.clusters import Alike, Pair
from indexer.words import N_
from kb.columns import now
from kb.flow import READABLE, Duty, Refused
from kb.models import Article
from portal.curation.quality.models import AlikePair, NotTheSame
from portal.curation.rounds import PAIRS, begun
from portal.finder.sources import ARTICLE
from portal.people.duties import article_duties
from portal.people.models import Person

#: Chosen on the sample's articles: what lies above is mostly the same question told twice.
LEAST = 0.55
MOST = 500
BODY_READ = 800
WHY_LIMIT = 300

ONE, OTHER = aliased(Article, name="one"), aliased(Article, name="other")


def texts_of(session: Session) -> list[Alike]:
    """Every readable article as it is compared: with others of its language and system."""
    columns = (
        Article.id,
        Article.title,
        Article.also,
        func.substr(Article.body, 1, BODY_READ),
        Article.language,
        Article.system,
    )
    rows = session.execute(select(*columns).where(Article.state.in_(READABLE)).order_by(Article.id))
    return [
        Alike((ARTICLE, str(number)), "\n".join([title, title, *also, body]), within=f"{language}:{system}")
        for number, title, also, body, language, system in rows
    ]


def settle(session: Session, pairs: Sequence[Pair], *, at: datetime) -> int:
    """Write down which pairs were found; how many wait for somebody to look at them."""
    mark = begun(session, PAIRS)
    apart = {(one, other) for one, other in session.execute(select(NotTheSame.one_id, NotTheSame.other_id))}
    found = {ids(pair): pair for pair in pairs if ids(pair) not in apart}
    wanted = dict(list(found.items())[:MOST])
    for row in session.scalars(select(AlikePair)):
        pair = wanted.pop((row.one_id, row.other_id), None)
        if pair is None:
            session.delete(row)
        else:
            row.likeness, row.words = round(pair.likeness, 3), list(pair.words)
    there = set(session.scalars(select(Article.id).where(Article.state.in_(READABLE))))
    session.add_all(
        AlikePair(one_id=one, other_id=other, likeness=round(pair.likeness, 3), words=list(pair.words))
        for (one, other), pair in wanted.items()
        if {one, other} <= there
    )
    mark.at = at
    session.flush()
    return len(found)


def ids(pair: Pair) -> tuple[int, int]:
    """Both articles, the smaller number first."""
    one, other = sorted((int(pair.one[1]), int(pair.other[1])))
    return one, other


def proposed(*, system: str = "") -> Select[AlikePair]:
    """Pairs that readers can still find both of and nobody has judged, the likest first."""
    judged = exists().where(NotTheSame.one_id == AlikePair.one_id, NotTheSame.other_id == AlikePair.other_id)
    rows = (
        select(AlikePair)
        .join(ONE, ONE.id == AlikePair.one_id)
        .join(OTHER, OTHER.id == AlikePair.other_id)
        .where(and_(ONE.state.in_(READABLE), OTHER.state.in_(READABLE)), ~judged)
        .options(contains_eager(AlikePair.one.of_type(ONE)), contains_eager(AlikePair.other.of_type(OTHER)))
    )
    rows = rows.where(ONE.system == system) if system else rows
    return rows.order_by(AlikePair.likeness.desc(), AlikePair.one_id, AlikePair.other_id)


def judged_apart(session: Session, one: Article, other: Article) -> NotTheSame | None:
    return session.get(NotTheSame, tuple(sorted((one.id, other.id))))


def keep_apart(session: Session, one: Article, other: Article, *, by: Person, why: str = "") -> NotTheSame:
    """These two say different things: the pair is not proposed again."""
    if Duty.WRITE not in article_duties(by):
        raise Refused(N_("您的岗位不能判断知识是否重复。"))
    if one.id == other.id:
        raise Refused(N_("请选择两篇不同的知识。"))
    former = judged_apart(session, one, other)
    if former is not None:
        return former
    first, second = sorted((one.id, other.id))
    row = NotTheSame(one_id=first, other_id=second, by_id=by.id, at=now(session), why=why.strip()[:WHY_LIMIT])
    session.add(row)
    session.flush()
    return row


def reconsider(session: Session, one: Article, other: Article, *, by: Person) -> None:
    """Take that judgement back; the next look may propose the pair again."""
    if Duty.WRITE not in article_duties(by):
        raise Refused(N_("您的岗位不能判断知识是否重复。"))
    row = judged_apart(session, one, other)
    if row is not None:
        session.delete(row)
        session.flush()
