"""Saved views: keeping, renaming, sharing, taking away and back.

The invariant: a view changes what somebody looks for, never what they may see. Its owner alone changes
it; a lead shares as far as their own post reaches; a lead without bounds may take any shared view away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session, joinedload, lazyload

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person, Unit
from portal.people.roles import BOUND_TO_UNITS, PERMISSIONS, Permission, Post
from portal.tickets.filing import clean
from portal.tickets.views.columns import chosen
from portal.tickets.views.models import SavedView

NAME_LIMIT = 40
MOST_VIEWS = 40
#: Views drawn, and counted, beside a list; the others stand on their own page.
SHOWN = 16
UNDO_FOR = timedelta(minutes=30)


# ── whose ────────────────────────────────────────────────────────────────────────────────────────


def visible_to(person: Person) -> ColumnElement[bool]:
    """Own views, and those shared with a post of this person where they are at home or at work."""
    codes = {code for unit in _places_of(person) for code in unit.ancestry}
    above = select(Unit.id).where(Unit.code.in_(codes))
    posts = [row.post for row in person.posts]
    offered = and_(
        SavedView.shared,
        or_(SavedView.post.is_(None), SavedView.post.in_(posts)),
        or_(SavedView.unit_id.is_(None), SavedView.unit_id.in_(above)),
    )
    mine = SavedView.owner_id == person.id
    return and_(SavedView.removed_at.is_(None), or_(mine, offered) if posts else false())


def _places_of(person: Person) -> list[Unit]:
    return [person.unit, *(row.unit for row in person.posts if row.unit is not None)]


def views_of(session: Session, person: Person) -> list[SavedView]:
    """What this person may choose from: their own first, then the shared, each by name."""
    return list(
        session.scalars(
            select(SavedView)
            .where(visible_to(person))
            .options(joinedload(SavedView.owner).options(lazyload(Person.posts), lazyload(Person.unit)))
            .options(joinedload(SavedView.unit))
            .order_by(SavedView.owner_id != person.id, SavedView.name, SavedView.id)
        )
    )


def view_for(session: Session, person: Person, number: int) -> SavedView | None:
    """The view of this number when this person may choose it."""
    return session.scalar(select(SavedView).where(SavedView.id == number, visible_to(person)))


def removed_of(session: Session, person: Person) -> list[SavedView]:
    """What this person took away a moment ago and may have back."""
    since = now(session) - UNDO_FOR
    mine = select(SavedView).where(SavedView.owner_id == person.id, SavedView.removed_at >= since)
    return list(session.scalars(mine.order_by(SavedView.removed_at.desc())))


def may_share(person: Person) -> bool:
    return person.may(Permission.REASSIGN)


def reach_of(person: Person) -> list[Unit] | None:
    """The units within which this lead may share; None means everywhere."""
    leading = [row for row in person.posts if Permission.REASSIGN in PERMISSIONS[row.post]]
    if any(row.post not in BOUND_TO_UNITS for row in leading):
        return None
    return [row.unit for row in leading if row.unit is not None]


def may_remove(person: Person, view: SavedView) -> bool:
    return view.owner_id == person.id or (view.shared and may_share(person) and reach_of(person) is None)


# ── keeping ──────────────────────────────────────────────────────────────────────────────────────


def save(
    session: Session, by: Person, *, name: str, arguments: Mapping[str, str], columns: Sequence[str] = ()
) -> SavedView:
    """Keep a list under a name."""
    own = select(func.count()).where(SavedView.owner_id == by.id, SavedView.removed_at.is_(None))
    if (session.scalar(own) or 0) >= MOST_VIEWS:
        raise Refused(N_("最多保存 %(limit)s 个视图，请先删掉不用的。"), limit=MOST_VIEWS)
    view = SavedView(
        owner_id=by.id,
        name=_free_name(session, by, name),
        arguments=dict(arguments),
        columns=list(chosen(columns)),
        changed_at=now(session),
    )
    session.add(view)
    session.flush()
    return view


def rename(session: Session, view: SavedView, name: str, *, by: Person) -> None:
    _check_own(view, by)
    if clean(name) != view.name:
        view.name = _free_name(session, by, name)
    _touched(session, view)


def rewrite(
    session: Session, view: SavedView, *, by: Person, arguments: Mapping[str, str], columns: Sequence[str]
) -> None:
    """What is on the screen now becomes the view."""
    _check_own(view, by)
    view.arguments, view.columns = dict(arguments), list(chosen(columns))
    _touched(session, view)


def _free_name(session: Session, by: Person, name: str) -> str:
    name = clean(name)
    if not name:
        raise Refused(N_("请给视图起个名字。"))
    if len(name) > NAME_LIMIT:
        raise Refused(N_("视图的名字请控制在 %(limit)s 个字以内。"), limit=NAME_LIMIT)
    same = (SavedView.owner_id == by.id, SavedView.name == name, SavedView.removed_at.is_(None))
    if session.scalar(select(SavedView.id).where(*same).limit(1)):
        raise Refused(N_("您已经有一个叫“%(name)s”的视图，请换个名字。"), name=name)
    return name


def _check_own(view: SavedView, by: Person) -> None:
    if view.owner_id != by.id:
        raise Refused(N_("这个视图是同事的，只有本人能改；可以另存为自己的。"))


def _touched(session: Session, view: SavedView) -> None:
    view.changed_at = now(session)
    session.flush()


# ── sharing ──────────────────────────────────────────────────────────────────────────────────────


def share(
    session: Session, view: SavedView, *, by: Person, post: Post | None, unit: Unit | None, opens: bool
) -> None:
    """Offer a view to a post, to a unit, or to a post within a unit; ``opens``: they begin with it."""
    _check_own(view, by)
    if not may_share(by):
        raise Refused(N_("只有班长和服务经理能共享视图。"))
    if post is None and unit is None:
        raise Refused(N_("请选择共享给哪个岗位或哪个单位。"))
    reach = reach_of(by)
    if reach is not None and (unit is None or not any(unit.path.startswith(top.path) for top in reach)):
        raise Refused(N_("您只能共享给自己负责的单位及其下级，请选择单位。"))
    view.shared, view.post, view.unit, view.opens = True, post, unit, opens
    if opens:
        _only_one_opens(session, view)
    _touched(session, view)


def _only_one_opens(session: Session, view: SavedView) -> None:
    session.flush()
    alike = (
        SavedView.post.is_not_distinct_from(view.post),
        SavedView.unit_id.is_not_distinct_from(view.unit_id),
    )
    for other in session.scalars(select(SavedView).where(SavedView.opens, SavedView.id != view.id, *alike)):
        other.opens = False


def keep_private(session: Session, view: SavedView, *, by: Person) -> None:
    _check_own(view, by)
    view.shared, view.post, view.unit, view.opens = False, None, None, False
    _touched(session, view)


def remove(session: Session, view: SavedView, *, by: Person) -> None:
    """Take a view away; its owner may have it back for half an hour."""
    if not may_remove(by, view):
        raise Refused(N_("这个视图是同事的，只有本人能改；可以另存为自己的。"))
    view.removed_at = now(session)
    session.flush()


def restore(session: Session, number: int, *, by: Person) -> SavedView:
    """Take back a removal."""
    view = next((row for row in removed_of(session, by) if row.id == number), None)
    if view is None:
        raise Refused(N_("这个视图已经恢复，或者删除超过半小时，不能恢复了。"))
    view.removed_at = None
    session.flush()
    return view
