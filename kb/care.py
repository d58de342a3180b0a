"""Looking after an article: who owns it, when it is checked again, until when it holds, what replaces it.

These change no word and no state; each is written down among the article's moves all the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from indexer.words import N_
from kb import articles
from kb.audience import Viewer, tokens_of
from kb.columns import now
from kb.flow import READABLE, ArticleAction, ArticleState, Duty, Refused
from kb.life import LONGEST_WAIT, check_expiry
from kb.models import Article, ArticleMove, AtExpiry
from kb.queries import is_readable

A = ArticleAction
#: What looking after an article asks for; whoever owns an article may hand it on.
NEEDED = {A.ENTRUST: Duty.PUBLISH, A.SET_REVIEW: Duty.PUBLISH, A.SET_EXPIRY: Duty.PUBLISH}
MOST_ALSO = 40


@dataclass(frozen=True, slots=True)
class Hand:
    """Who does it, and what they may do with articles."""

    by: int
    duties: Collection[Duty]

    def may(self, action: ArticleAction, article: Article) -> bool:
        own = action == A.ENTRUST and article.owner_id == self.by and Duty.WRITE in self.duties
        return own or NEEDED[action] in self.duties


def entrust(session: Session, article: Article, owner: int, *, hand: Hand, note: str) -> None:
    """Give an article another owner; ``note`` names both for those who read its history."""
    if article.owner_id != owner:
        _noted(session, article, A.ENTRUST, hand=hand, note=note)
        article.owner_id = owner
        session.flush()


def set_review(session: Session, article: Article, day: date, *, hand: Hand) -> None:
    """Have it checked again by this day."""
    today = now(session).date()
    if not today <= day <= today + LONGEST_WAIT:
        raise Refused(N_("复核日期请选今天之后、一年之内的一天。"))
    if article.review_on != day:
        _noted(session, article, A.SET_REVIEW, hand=hand, note=day.isoformat())
        article.review_on = day
        session.flush()


def set_expiry(
    session: Session, article: Article, day: date | None, *, at_expiry: AtExpiry, hand: Hand
) -> None:
    """Let it hold until this day and no longer, or without an end."""
    check_expiry(day, after=now(session))
    if (article.expires_on, article.at_expiry) != (day, at_expiry):
        _noted(session, article, A.SET_EXPIRY, hand=hand, note=day.isoformat() if day else "")
        article.expires_on, article.at_expiry, article.expiry_told = day, at_expiry, None
        session.flush()


def _noted(session: Session, article: Article, action: ArticleAction, *, hand: Hand, note: str) -> None:
    if not hand.may(action, article):
        raise Refused(N_("负责人、复核日期和有效期由知识编辑安排；您负责的知识可以转交给别人。"))
    moment = now(session)
    article.moves.append(
        ArticleMove(
            action=action, start=article.state, end=article.state, by_id=hand.by, at=moment, note=note
        )
    )


# ── two that say the same ────────────────────────────────────────────────────────────────────────


def merge(session: Session, article: Article, into: Article, *, hand: Hand, note: str = "") -> None:
    """Take one of two articles that say the same off line; the other answers what was asked of it, too."""
    if article.id == into.id or article.language != into.language:
        raise Refused(N_("只能合并同一种语言的两篇不同的知识。"))
    if into.state not in READABLE:
        raise Refused(N_("保留下来的那一篇须是读者看得到的。"))
    _answer_for(session, into, article, hand=hand)
    why = N_("与 %(number)s 内容重复，合并到那一篇。") % {"number": into.number}
    reason = f"{why} {note.strip()}".strip()
    articles.move(session, article, A.RETIRE, by=hand.by, duties=hand.duties, note=reason)
    article.replaced_by_id = into.id
    session.flush()


def _answer_for(session: Session, into: Article, article: Article, *, hand: Hand) -> None:
    text = articles.text_of(into)
    asked = dict.fromkeys([*text.also, article.title, *article.also])
    asked.pop(into.title, None)
    also = tuple(asked)[: max(MOST_ALSO, len(text.also))]
    note = N_("并入 %(number)s") % {"number": article.number}
    articles.revise(session, into, replace(text, also=also), by=hand.by, note=note, duties=hand.duties)


def successor(session: Session, article: Article) -> Article | None:
    """The article that answers in the place of one that was merged, however often that happened."""
    seen = {article.id}
    while article.replaced_by_id is not None and article.replaced_by_id not in seen:
        seen.add(article.replaced_by_id)
        article = session.get_one(Article, article.replaced_by_id)
    return article if len(seen) > 1 and article.state in READABLE else None


def leads_to(session: Session, article: Article, viewer: Viewer) -> Article | None:
    """Where readers of a merged article are led: to what answers in its place, if they may read it."""
    could = bool(tokens_of(article.audience, article.units) & viewer.tokens)
    into = successor(session, article) if could and article.state not in READABLE else None
    return into if into is not None and is_readable(into, viewer) else None


# ── the mark for readers ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a reader may rely on an article, in one word and one sentence."""

    name: str
    sentence: str


MARKS = {
    "due": Mark(N_("复核中"), N_("这篇正在复核，个别步骤可能与新版本不同。")),
    "unverified": Mark(N_("未核实"), N_("这篇还没有由第二位同事核实，照做不成请告诉我们。")),
    "verified": Mark(N_("已核实"), N_("由作者以外的同事核实过。")),
}


def mark_of(article: Article) -> str:
    """The key of the article's mark; being checked again says more than having been verified once."""
    return "due" if article.state == ArticleState.DUE else str(article.confidence)
