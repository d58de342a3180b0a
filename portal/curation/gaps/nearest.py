"""What the knowledge base has that comes nearest to a gap: “it exists, but it is not found”.

Looked up in the index for a few wordings of each gap that changed, and counted among the articles with
which the desk answered its tickets. Who may see the article is asked where it is shown. The invariant: a
bounded number of gaps in one step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from indexer.document import Query
from indexer.index import Index
from kb.columns import now
from kb.flow import READABLE
from kb.models import Article
from portal.curation.gaps.flow import GapState
from portal.curation.gaps.models import Gap, GapAsk
from portal.curation.gaps.wordings import latest_said
from portal.finder.sources import ARTICLE
from portal.tickets.models import ArticleLink

GAPS = 40
WORDINGS = 3
#: Answered with the same article so often: it is what they were looking for.
USED = 2
#: … and so large a part of those that were filed.
USED_SHARE = 0.25
LEAST = 0.3
DEPTH = 16
"""How sure the index is of the first depends on those behind it: as many as people are shown."""


@dataclass(frozen=True, slots=True)
class Near:
    """An article, how probably it answers, whether that was counted here, how often it did."""

    article_id: int
    probability: float | None = None
    counted: bool = False
    used: int = 0


def gaps_to_look_at(session: Session, *, limit: int = GAPS) -> list[int]:
    """Gaps whose askings have changed since they were looked at, the latest change first."""
    rows = session.scalars(
        select(Gap.id)
        .where(
            Gap.state.in_((GapState.OPEN, GapState.ADOPTED)),
            or_(Gap.looked_at.is_(None), Gap.looked_at < Gap.updated_at),
        )
        .order_by(Gap.updated_at.desc(), Gap.id)
        .limit(limit)
    )
    return list(rows)


def looked_up(session: Session, index: Index, ids: Sequence[int]) -> dict[int, Near | None]:
    """Gap → the nearest article; reads only."""
    used, wordings = _used(session, ids), _wordings(session, ids)
    systems = dict(session.execute(select(Gap.id, Gap.system).where(Gap.id.in_(ids))).all())
    return {gap: used.get(gap) or _found(index, wordings.get(gap, ()), systems.get(gap, "")) for gap in ids}


def note(session: Session, found: Mapping[int, Near | None]) -> None:
    """Write down what was found, as far as it can still be read."""
    wanted = {near.article_id for near in found.values() if near is not None}
    readable = select(Article.id).where(Article.id.in_(wanted), Article.state.in_(READABLE))
    there = set(session.scalars(readable))
    for gap in session.scalars(select(Gap).where(Gap.id.in_(found))):
        near = found[gap.id]
        near = near if near is not None and near.article_id in there else None
        gap.nearest_id = near.article_id if near else None
        gap.nearest_probability = near.probability if near else None
        gap.nearest_counted, gap.nearest_used = bool(near and near.counted), near.used if near else 0
        gap.looked_at = now(session)
    session.flush()


def _used(session: Session, ids: Sequence[int]) -> dict[int, Near]:
    """With which article the desk answered the tickets among the askings, where it did so repeatedly."""
    times = func.count(ArticleLink.ticket_id.distinct())
    rows = session.execute(
        select(GapAsk.gap_id, ArticleLink.article_id, times)
        .join(ArticleLink, ArticleLink.ticket_id == GapAsk.ticket_id)
        .where(GapAsk.gap_id.in_(ids))
        .group_by(GapAsk.gap_id, ArticleLink.article_id)
        .order_by(times, ArticleLink.article_id.desc())
    )
    filed = _filed(session, ids)
    return {
        gap: Near(article, used=n)
        for gap, article, n in rows
        if gap is not None and n >= max(USED, USED_SHARE * filed.get(gap, 0))
    }


def _filed(session: Session, ids: Sequence[int]) -> dict[int | None, int]:
    tickets = func.count(GapAsk.ticket_id.distinct())
    rows = session.execute(
        select(GapAsk.gap_id, tickets).where(GapAsk.gap_id.in_(ids)).group_by(GapAsk.gap_id)
    )
    return dict(rows.all())


def _wordings(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    """Its title, and how it was asked last."""
    said = latest_said(session, ids, most=WORDINGS - 1)
    titles = session.execute(select(Gap.id, Gap.title).where(Gap.id.in_(ids)))
    return {gap: [title, *said[gap]] for gap, title in titles}


def _found(index: Index, wordings: Sequence[str], system: str) -> Near | None:
    nears = list(_hits(index, wordings, system))
    best = max(nears, key=lambda near: (near.probability or 0.0, -near.article_id), default=None)
    return best if best is not None and (best.probability or 0.0) >= LEAST else None


def _hits(index: Index, wordings: Sequence[str], system: str) -> Iterator[Near]:
    """Asked without anybody's eyes: an editor must know of articles that the askers could not read."""
    near = {"system": system} if system else {}
    for text in wordings:
        query = Query(text, audience=None, kinds=frozenset({ARTICLE}), near=near, limit=DEPTH)
        answer = index.search(query)
        for hit in answer.hits[:1]:
            yield Near(int(hit.id), round(hit.probability, 4), answer.is_counted)
