"""What a row says about looking after its article: its owner, when it is checked again, until when it holds.

Only what a row says counts; an empty cell changes nothing. Whether the person may is asked here: those who
publish may, and an operator. The invariant: a review or an end that was laid down is written down among the
article's moves, as it is on the pages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import ArticleAction, Duty
from kb.models import Article, ArticleMove, AtExpiry


@dataclass(frozen=True, slots=True)
class Care:
    """None: the row says nothing of it."""

    owner_id: int | None = None
    review_on: date | None = None
    expires_on: date | None = None
    at_expiry: AtExpiry | None = None

    def said(self) -> dict[str, Any]:
        return {row.name: value for row in fields(self) if (value := getattr(self, row.name)) is not None}

    def differs(self, article: Article) -> bool:
        return any(getattr(article, name) != value for name, value in self.said().items())


NOTHING = Care()
ACTIONS = {
    "owner_id": ArticleAction.ENTRUST,
    "review_on": ArticleAction.SET_REVIEW,
    "expires_on": ArticleAction.SET_EXPIRY,
}


def care_of(
    values: Mapping[str, Any], *, duties: Collection[Duty] | None, today: date, exported: bool = False
) -> tuple[Care, list[str]]:
    """What is to be laid down, and what is not and why; ``duties``: None for an operator.

    ``exported``: the row is another desk's export, whose people need not be ours; nothing is said of that.
    """
    remarks: list[str] = []
    if values.get("owner") and values.get("owner_id") is None and not exported:
        remarks.append(
            N_("账号“%(login)s”在这里没有，或者不能写知识，负责人没有带进来。") % {"login": values["owner"]}
        )
    ends = values.get("expires_on")
    if ends is not None and ends < today:
        remarks.append(N_("有效期 %(day)s 已经过去，没有带进来。") % {"day": ends})
        ends = None
    care = Care(
        values.get("owner_id"), values.get("review_on"), ends, values.get("at_expiry") if ends else None
    )
    if care != NOTHING and duties is not None and Duty.PUBLISH not in duties:
        return NOTHING, [*remarks, N_("负责人、复核日期和有效期由知识编辑安排，没有带进来。")]
    return care, remarks


def tend(session: Session, article: Article, care: Care, *, by: int) -> None:
    """Lay it down; what is so already is left alone."""
    moment = now(session)
    for name, value in care.said().items():
        if getattr(article, name) == value:
            continue
        setattr(article, name, value)
        if name == "expires_on":
            article.expiry_told = None
        if name in ACTIONS:
            note = value.isoformat() if isinstance(value, date) else ""
            step = ArticleMove(action=ACTIONS[name], start=article.state, end=article.state, by_id=by)
            step.at, step.note = moment, note
            article.moves.append(step)


def tended(article: Article) -> dict[str, object]:
    """How an article is looked after, as JSON: what taking an import back needs."""
    return {
        "owner_id": article.owner_id,
        "review_on": article.review_on.isoformat() if article.review_on else None,
        "expires_on": article.expires_on.isoformat() if article.expires_on else None,
        "at_expiry": article.at_expiry.value,
    }


def restore(article: Article, kept: Mapping[str, Any]) -> None:
    """Look after it as before."""
    article.owner_id, article.at_expiry = kept["owner_id"], AtExpiry(kept["at_expiry"])
    article.review_on, article.expires_on = (
        date.fromisoformat(kept[name]) if kept[name] else None for name in ("review_on", "expires_on")
    )
