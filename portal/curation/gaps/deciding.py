"""What editors decide on a gap: adopt, hand over, settle, dismiss, reopen; each leaves a line.

The table is ``flow``. Verbs never commit; they raise :class:`kb.flow.Refused`. The invariant: whoever
decides may write articles, and the state changes here alone.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import READABLE, Refused
from kb.models import Article
from portal.curation.gaps.flow import GapAction, GapState, step
from portal.curation.gaps.models import Gap, GapMove
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.notices import Event, tell

REASON_LIMIT = 500


def adopt(session: Session, gap: Gap, article: Article, *, by: Person) -> GapMove:
    """This article is in the works for it."""
    _check(by)
    entry = _move(session, gap, GapAction.ADOPT, by=by, article=article)
    gap.article_id, gap.solved_at = article.id, None
    gap.assignee_id = gap.assignee_id or by.id
    session.flush()
    return entry


def settle(session: Session, gap: Gap, article: Article, *, by: Person, note: str = "") -> GapMove:
    """This article answers it from now on."""
    _check(by)
    if article.state not in READABLE:
        raise Refused(
            N_("%(number)s 还没有发布，用户看不到；请先发布，或标为已采纳。"), number=article.number
        )
    entry = _move(session, gap, GapAction.SETTLE, by=by, article=article, note=note)
    gap.article_id, gap.solved_at = article.id, entry.at
    session.flush()
    return entry


def lay_back(session: Session, gap: Gap, *, by: Person) -> GapMove:
    """Nobody is at it any more."""
    _check(by)
    entry = _move(session, gap, GapAction.LAY_BACK, by=by)
    gap.article_id = None
    session.flush()
    return entry


def dismiss(session: Session, gap: Gap, *, reason: str, by: Person) -> GapMove:
    """No article is wanted for this, because …"""
    _check(by)
    entry = _move(session, gap, GapAction.DISMISS, by=by, note=reason)
    gap.reason = entry.note
    session.flush()
    return entry


def reopen(session: Session, gap: Gap, *, by: Person, note: str = "") -> GapMove:
    """It is asked all the same."""
    _check(by)
    entry = _move(session, gap, GapAction.REOPEN, by=by, note=note)
    gap.reason, gap.solved_at, gap.article_id = "", None, None
    session.flush()
    return entry


def assign(session: Session, gap: Gap, to: Person | None, *, by: Person) -> GapMove:
    """It is theirs to look after; nobody's when there is nobody."""
    _check(by)
    if to is not None and not to.may(Permission.WRITE_ARTICLES):
        raise Refused(N_("%(name)s 的岗位不能写知识，请交给编辑或专家。"), name=to.name)
    entry = _move(session, gap, GapAction.ASSIGN, by=by, note=to.name if to else "")
    if to is not None and to.id != gap.assignee_id:
        values = {"by": by.name, "gap": str(gap.id), "called": gap.title}
        tell(session, Event.GAP_ASSIGNED, to=[to.id], values=values, by=by)
    gap.assignee_id = to.id if to else None
    session.flush()
    return entry


def settle_published(session: Session) -> int:
    """Notice the articles in the works that readers can find by now; returns how many gaps they settled."""
    rows = session.execute(
        select(Gap, Article)
        .join(Article, Gap.article_id == Article.id)
        .where(Gap.state == GapState.ADOPTED, Article.state.in_(READABLE))
    ).all()
    for gap, article in rows:
        entry = _move(session, gap, GapAction.SETTLE, by=None, article=article, at=now(session))
        gap.solved_at = max(entry.at if article.published_at is None else article.published_at, _since(gap))
    session.flush()
    return len(rows)


def _since(gap: Gap) -> datetime:
    """When the article was taken for this gap: one that was published long ago answers it from then on."""
    adopted = [row.at for row in gap.moves if row.action == GapAction.ADOPT]
    return adopted[-1] if adopted else gap.created_at


def _check(by: Person) -> None:
    if not by.may(Permission.WRITE_ARTICLES):
        raise Refused(N_("您的岗位只能查看知识缺口，不能处理。"))


def _move(
    session: Session,
    gap: Gap,
    action: GapAction,
    *,
    by: Person | None,
    article: Article | None = None,
    note: str = "",
    at: datetime | None = None,
) -> GapMove:
    words = note.strip()[:REASON_LIMIT]
    row = step(gap.state, action, has_article=article is not None, note=words)
    entry = GapMove(
        action=action,
        start=gap.state,
        end=row.end,
        by_id=by.id if by else None,
        at=at or now(session),
        note=words or (article.number if article is not None else ""),
    )
    gap.moves.append(entry)
    gap.state = row.end
    return entry
