"""Articles that say the same: which texts are compared, and who may tell two articles apart.

How texts are alike is the indexer's, what is kept of a pair ``finder.pairs``, merging ``kb.care.merge``. The
invariant: an article that readers cannot find is neither compared nor proposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from indexer.clusters import Alike, Pair
from indexer.words import N_
from kb.flow import READABLE, Duty, Refused
from kb.models import Article
from portal.curation.quality.models import AlikePair, NotTheSame
from portal.curation.rounds import PAIRS, begun
from portal.finder.pairs import Pairs
from portal.finder.sources import ARTICLE
from portal.people.duties import article_duties
from portal.people.models import Person

#: Chosen on the sample's articles: what lies above is mostly the same question told twice.
LEAST = 0.55
BODY_READ = 800

ARTICLES = Pairs(Article, AlikePair, NotTheSame, living=lambda article: article.state.in_(READABLE))


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
    waiting = ARTICLES.settle(session, pairs)
    mark.at = at
    session.flush()
    return waiting


def proposed(*, system: str = "") -> Select[AlikePair]:
    """Pairs that readers can still find both of and nobody has judged, the likest first."""
    return ARTICLES.proposed(system=system)


def judged_apart(session: Session, one: Article, other: Article) -> NotTheSame | None:
    return ARTICLES.judged_apart(session, one, other)


def keep_apart(session: Session, one: Article, other: Article, *, by: Person, why: str = "") -> NotTheSame:
    """These two say different things: the pair is not proposed again."""
    _check(by)
    if one.id == other.id:
        raise Refused(N_("请选择两篇不同的知识。"))
    return ARTICLES.keep_apart(session, one, other, by=by, why=why)


def reconsider(session: Session, one: Article, other: Article, *, by: Person) -> None:
    """Take that judgement back, where there is one; the next look may propose the pair again."""
    _check(by)
    ARTICLES.reconsider(session, one, other)


def _check(by: Person) -> None:
    if Duty.WRITE not in article_duties(by):
        raise Refused(N_("您的岗位不能判断知识是否重复。"))
