"""Saved views of the sample desk: what its service manager and its supervisors set up for their people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.models import Unit
from portal.people.roles import Post
from portal.sample.cast import Cast
from portal.tickets.views import shelf


@dataclass(frozen=True, slots=True)
class Kept:
    """One view: by whom, called what, asking for what, for whom."""

    by: Post
    name: str
    arguments: Mapping[str, str]
    columns: Sequence[str] = ()
    shared_with: Post | None = None


VIEWS = (
    Kept(
        Post.MANAGER,
        "全公司 · 已超时",
        {"tab": "overdue"},
        ("due", "ticket", "where", "priority", "system", "unit", "holder"),
        Post.MANAGER,
    ),
    Kept(
        Post.MANAGER,
        "催过又退回过",
        {"tab": "served", "urged": "1", "returned": "1"},
        ("ticket", "where", "urges", "returns", "holder", "updated"),
    ),
    Kept(
        Post.MANAGER,
        "近 7 天办结",
        {"closed_from": "7d", "open": "0", "order": "closed"},
        ("ticket", "category", "system", "requester", "closed", "rating"),
    ),
    Kept(Post.SUPERVISOR, "没人受理的", {"tab": "unheld", "order": "filed", "turned": "1"}, (), Post.AGENT),
    Kept(Post.SUPERVISOR, "投诉", {"tab": "served", "category": "complaint"}, (), Post.SUPERVISOR),
    Kept(
        Post.EXPERT,
        "还没关联缺陷的缺陷单",
        {"tab": "served", "category": "defect", "linked": "0"},
        ("due", "ticket", "system", "module", "version", "unit"),
    ),
)


def keep_views(session: Session, cast: Cast) -> None:
    """Save them, and share those that are meant for others."""
    for kept in VIEWS:
        owner = next(iter(cast.holding(kept.by)), None)
        if owner is None:
            continue
        view = shelf.save(session, owner, name=kept.name, arguments=kept.arguments, columns=kept.columns)
        if kept.shared_with is not None:
            reach = shelf.reach_of(owner)
            top = reach[0] if reach else session.scalar(select(Unit).where(Unit.parent_id.is_(None)))
            shelf.share(session, view, by=owner, post=kept.shared_with, unit=top, opens=False)
