"""Reading the table of links: what points here, and what points nowhere.

Only for those who work on articles: every article is listed, whatever its state and audience. One query
each; lists of links that lead nowhere begin with :func:`lost`, which a page counts, narrows and cuts.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from kb.flow import READABLE
from kb.links.models import ArticleLink, LinkKind
from kb.models import Article

#: The article that an article's link leads to; null columns when there is none.
TARGET = aliased(Article, name="target")


def pointing_to(number: str, kind: LinkKind = LinkKind.ARTICLE) -> Select[Article]:
    """The articles whose words point at this number, the most read first."""
    return (
        select(Article)
        .join(ArticleLink, ArticleLink.article_id == Article.id)
        .where(ArticleLink.kind == kind, ArticleLink.target == number)
        .order_by(Article.views.desc(), Article.id)
    )


def lost() -> Select[ArticleLink, Article, Article | None]:
    """Each link that readers can't follow: (link, the article it stands in, where it should lead or None).

    Only links of articles that readers can find, to articles that are not there or no longer readable.
    """
    return (
        select(ArticleLink, Article, TARGET)
        .join(Article, Article.id == ArticleLink.article_id)
        .outerjoin(TARGET, TARGET.number == ArticleLink.target)
        .where(
            ArticleLink.kind == LinkKind.ARTICLE,
            Article.state.in_(READABLE),
            or_(TARGET.id.is_(None), TARGET.state.not_in(READABLE)),
        )
        .order_by(Article.views.desc(), ArticleLink.id)
    )


def numbers_pointing(session: Session, numbers: Collection[str]) -> dict[str, int]:
    """number → how many readable articles point at it; numbers that nobody points at are left out."""
    rows = session.execute(
        select(ArticleLink.target, func.count())
        .join(Article, Article.id == ArticleLink.article_id)
        .where(
            and_(ArticleLink.kind == LinkKind.ARTICLE, ArticleLink.target.in_(numbers)),
            Article.state.in_(READABLE),
        )
        .group_by(ArticleLink.target)
    )
    return dict(rows.all())
