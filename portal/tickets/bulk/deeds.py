"""What can be done to many tickets at once, as a table: who may, what it must be given, how it goes back.

Each deed is spelled out for one ticket with the desk's own verbs; there is no other way to act from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.words import N_
from kb.flow import Refused
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import amending, desk, linking
from portal.tickets.assignment.presence import absence_of
from portal.tickets.bulk.models import Bulk, Deed
from portal.tickets.flow import WORKERS, step
from portal.tickets.models import Comment, DefectLink, Ticket, Watcher
from portal.tickets.visibility import is_visible, permissions_on, serves
from portal.tickets.words import Action

Before = dict[str, object]
#: How long a bulk deed can be taken back once it is done.
UNDO_MINUTES = 30


@dataclass(frozen=True, slots=True)
class Task:
    """One ticket of one bulk deed, for whoever gave it."""

    session: Session
    bulk: Bulk
    ticket: Ticket

    @property
    def by(self) -> Person:
        return self.bulk.by

    def given(self, **more: object) -> desk.Given:
        """What a move is given along; the bulk's number goes into the trail."""
        return desk.Given(note=self.bulk.note, data={"bulk": self.bulk.id}, **more)  # type: ignore[arg-type]

    def move(self, action: Action, seen: int, **more: object) -> None:
        desk.move(self.session, self.ticket, action, by=self.by, given=self.given(**more), seen=seen)

    def check_step(self, action: Action) -> None:
        step(desk.situation_of(self.ticket), action, desk.actor_of(self.by, self.ticket))


@dataclass(frozen=True, slots=True)
class Spec:
    """A row of the table of bulk deeds."""

    deed: Deed
    label: str
    icon: str
    posts: frozenset[Permission]
    """Whoever holds one of these may give the deed at all; for each ticket the verbs decide."""
    gives: tuple[str, ...]
    """What it must be given: person, note, priority, defect; a name in brackets may stay empty."""
    check: Callable[[Task], None]
    act: Callable[[Task, int], Before]
    back: Callable[[Task, Before], None] | None = None
    moves: bool = True
    """Does it change the ticket itself, so that a later change by somebody else bars the way back?"""


def spec_of(deed: Deed) -> Spec:
    return next(row for row in DEEDS if row.deed == deed)


def open_to(person: Person) -> list[Spec]:
    """The deeds this person may give for many tickets at once."""
    return [row for row in DEEDS if person.active and row.posts & person.permissions]


def check_giver(by: Person, deed: Deed) -> None:
    """Raise :class:`Refused` when this person may not give this deed for many tickets."""
    if deed not in {spec.deed for spec in open_to(by)}:
        raise Refused(N_("您的岗位不能批量做这件事。"))


def missing(spec: Spec, bulk: Bulk) -> str | None:
    """The sentence for what is still to be given; None when nothing is."""
    held = {
        "person": bulk.person_id is not None,
        "note": bool(bulk.note),
        "priority": bulk.priority is not None,
        "defect": bulk.defect_id is not None,
    }
    return next((LACKS[name] for name in spec.gives if not held.get(name, True)), None)


LACKS = {
    "person": N_("请选择接手的同事。"),
    "note": N_("请写明内容，每张工单都会记下这段话。"),
    "priority": N_("请选择优先级。"),
    "defect": N_("请填写缺陷编号。"),
}


# ── reassign ─────────────────────────────────────────────────────────────────────────────────────


def _check_reassign(task: Task) -> None:
    """What the move itself will say, before anything is written."""
    task.check_step(Action.REASSIGN)
    person, ticket = task.bulk.person, task.ticket
    if person is None or WORKERS.get(ticket.tier) not in permissions_on(person, ticket):
        raise Refused(N_("这位同事的岗位不负责这张工单。"))
    if absence_of(task.session, person) is not None:
        raise Refused(N_("%(name)s现在不在岗，请交给别的同事。"), name=person.name)
    if ticket.holder_id == person.id:
        raise Refused(N_("工单已经在%(name)s手里。"), name=person.name)


def _reassign(task: Task, seen: int) -> Before:
    _check_reassign(task)
    holder = task.ticket.holder_id
    task.move(Action.REASSIGN, seen, person=task.bulk.person)
    return {"holder": holder}


def _give_back(task: Task, before: Before) -> None:
    """To whom it was; a ticket that lay in the queue goes back there."""
    holder = task.session.get(Person, before["holder"]) if before.get("holder") else None
    version = task.ticket.version
    if holder is None:
        task.move(Action.RELEASE, version)
    elif holder.id == task.by.id and task.ticket.holder_id is None:
        task.move(Action.TAKE, version)
    else:
        task.move(Action.REASSIGN, version, person=holder)


# ── release, escalate, priority ──────────────────────────────────────────────────────────────────


def _check_release(task: Task) -> None:
    task.check_step(Action.RELEASE)


def _release(task: Task, seen: int) -> Before:
    holder = task.ticket.holder_id
    task.move(Action.RELEASE, seen)
    return {"holder": holder}


def _check_escalate(task: Task) -> None:
    task.check_step(Action.ESCALATE)


def _escalate(task: Task, seen: int) -> Before:
    task.move(Action.ESCALATE, seen)
    return {}


def _check_priority(task: Task) -> None:
    task.check_step(Action.RULE)
    if task.ticket.priority == task.bulk.priority:
        raise Refused(N_("优先级已经是这一级。"))


def _priority(task: Task, seen: int) -> Before:
    """A ruling that keeps the category: the only way in the table to another priority."""
    _check_priority(task)
    before = task.ticket.priority
    _rule(task, seen, task.bulk.priority)
    return {"priority": before}


def _former_priority(task: Task, before: Before) -> None:
    _rule(task, task.ticket.version, before["priority"])


def _rule(task: Task, seen: int, priority: object) -> None:
    task.move(Action.RULE, seen, category=task.ticket.category, sub=task.ticket.sub, priority=priority)


# ── beside the moves ─────────────────────────────────────────────────────────────────────────────


def _check_link(task: Task) -> None:
    if Permission.LINK_DEFECTS not in permissions_on(task.by, task.ticket):
        raise Refused(N_("您的岗位不能为这张工单关联缺陷。"))
    live = _live(task)
    if live is not None and live.defect_id == task.bulk.defect_id and not live.is_automatic:
        raise Refused(N_("已经关联到这条缺陷。"))


def _live(task: Task) -> DefectLink | None:
    return next((link for link in task.ticket.defect_links if link.is_live), None)


def _link(task: Task, _seen: int) -> Before:
    _check_link(task)
    former = _live(task)
    assert task.bulk.defect is not None  # the table's "gives" has seen to it
    before: Before = {
        "defect": former and former.defect_id,
        "automatic": bool(former and former.is_automatic),
    }
    linking.link(task.session, task.ticket, task.bulk.defect, by=task.by)
    return before


def _unlink(task: Task, before: Before) -> None:
    assert task.bulk.defect is not None
    if task.ticket.defect is None or task.ticket.defect.id != task.bulk.defect_id:
        raise Refused(N_("之后又改过关联，没有动它。"))
    linking.undo(task.session, task.ticket, task.bulk.defect, by=task.by)
    former = task.session.get(Defect, before["defect"]) if before.get("defect") else None
    if former is not None:  # the system's own comes back as the system's own: nobody has confirmed it
        linking.link(task.session, task.ticket, former, by=None if before.get("automatic") else task.by)


def _check_comment(task: Task) -> None:
    if not is_visible(task.session, task.by, task.ticket) or not serves(task.by, task.ticket):
        raise Refused(N_("这张工单不在您的权限范围内。"))


def _comment(task: Task, _seen: int) -> Before:
    made = desk.comment(task.session, task.ticket, task.bulk.note, by=task.by, internal=task.bulk.internal)
    return {"comment": made.id}


def _withdraw(task: Task, before: Before) -> None:
    remark = task.session.scalar(select(Comment).where(Comment.id == before.get("comment")))
    if remark is not None:
        amending.withdraw_comment(task.session, remark, by=task.by, minutes=UNDO_MINUTES)


def _check_watch(task: Task) -> None:
    if task.session.get(Watcher, (task.ticket.id, task.by.id)) is not None:
        raise Refused(N_("您已经在关注这张工单。"))


def _watch(task: Task, _seen: int) -> Before:
    _check_watch(task)
    desk.watch(task.session, task.ticket, by=task.by)
    return {}


def _unwatch(task: Task, _before: Before) -> None:
    desk.watch(task.session, task.ticket, by=task.by, on=False)


P = Permission
LEADS = frozenset({P.REASSIGN})
CURATORS = frozenset({P.REASSIGN, P.CURATE_DEFECTS})
# fmt: off
DEEDS = (
    #    deed           name                 icon                who                        must be given       check            does        takes back
    Spec(Deed.REASSIGN, N_("改派"),          "user-share",       LEADS,                     ("person", "(note)"), _check_reassign, _reassign, _give_back),
    Spec(Deed.RELEASE,  N_("放回队列"),      "arrow-back-up",    LEADS,                     ("(note)",),        _check_release,  _release,   _give_back),
    Spec(Deed.ESCALATE, N_("升级中台"),      "arrow-up-circle",  LEADS,                     ("note",),          _check_escalate, _escalate),
    Spec(Deed.PRIORITY, N_("改优先级"),      "scale",            frozenset({P.WORK_MIDDLE}), ("priority", "(note)"), _check_priority, _priority, _former_priority),
    Spec(Deed.LINK,     N_("关联缺陷"),      "link",             CURATORS,                  ("defect",),        _check_link,     _link,      _unlink,   moves=False),
    Spec(Deed.COMMENT,  N_("留言"),          "message",          LEADS,                     ("note", "(internal)"), _check_comment, _comment, _withdraw, moves=False),
    Spec(Deed.WATCH,    N_("关注"),          "eye",              CURATORS,                  (),                 _check_watch,    _watch,     _unwatch,  moves=False),
)
# fmt: on
#: Whoever may give at least one of the deeds.
GIVERS = frozenset().union(*(row.posts for row in DEEDS))
