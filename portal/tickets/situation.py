"""What the table of steps looks at: the ticket's situation, the person who acts, the category's route.

Values only; what they mean for a step is said in ``conditions``, the steps themselves stand in ``flow``.
Pure: no database, no clock, no web.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from indexer.words import N_
from portal.people.roles import Permission
from portal.tickets.forms.fields import NOTHING, Names
from portal.tickets.words import Category, State, Tier


class Who(StrEnum):
    """By whom a step is taken."""

    REQUESTER = "requester"
    FRONT = "front"
    LOCAL = "local"
    MIDDLE = "middle"
    DISPATCH = "dispatch"
    BACK = "back"
    LEAD = "lead"  # whoever may move work between people
    CALLER = "caller"  # rang the user after the close
    SYSTEM = "system"


#: Which permission makes somebody a "who"; requester and system are known by what they are.
PERMISSION_FOR = {
    Who.FRONT: Permission.WORK_FRONT,
    Who.LOCAL: Permission.WORK_LOCAL,
    Who.MIDDLE: Permission.WORK_MIDDLE,
    Who.DISPATCH: Permission.WORK_DISPATCH,
    Who.BACK: Permission.WORK_BACK,
    Who.LEAD: Permission.REASSIGN,
    Who.CALLER: Permission.FOLLOW_UP,
}
#: What somebody must be allowed to do to hold a ticket that lies on a tier's table.
WORKERS = {
    Tier.FRONT: Permission.WORK_FRONT,
    Tier.LOCAL: Permission.WORK_LOCAL,
    Tier.MIDDLE: Permission.WORK_MIDDLE,
    Tier.DISPATCH: Permission.WORK_DISPATCH,
    Tier.BACK: Permission.WORK_BACK,
}
WHO_LABELS = {
    Who.REQUESTER: N_("用户"),
    Who.FRONT: N_("前台"),
    Who.LOCAL: N_("二线/本地"),
    Who.MIDDLE: N_("中台专家"),
    Who.DISPATCH: N_("调度员"),
    Who.BACK: N_("后台"),
    Who.LEAD: N_("班长"),
    Who.CALLER: N_("回访人"),
    Who.SYSTEM: N_("系统"),
}


@dataclass(frozen=True, slots=True)
class Situation:
    """What the table needs to know of a ticket."""

    state: State
    tier: Tier
    category: Category
    ruled: bool = False
    holder_id: int | None = None
    holder_name: str = ""
    requester_id: int | None = None
    on_defect: bool = False
    untouched: bool = True
    """Nobody beyond the front has worked on it yet: the user may still withdraw it."""
    lacks: Names = NOTHING
    """What the information form of its system still has to be told before the middle takes it."""
    open_children: Names = NOTHING
    """The numbers of its children in other systems that have not ended."""
    has_parent: bool = False
    """It was opened for, or tied to, a ticket that is still worked on."""
    survivor_open: bool = False
    """Merged: the ticket that it was merged into is still worked on …"""
    survivor_told: bool = False
    """… or has an answer that its user was told."""
    rated: bool = False
    stand_in_id: int | None = None
    """Who works on the parent now: they speak for whoever asked for help."""
    about_a_ticket: bool = False
    """A complaint that was filed from a closed ticket …"""
    barred: frozenset[int] = frozenset()
    """… whose handlers keep out of it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """What the table needs to know of a person; ``covers``: the ticket lies within their posts."""

    person_id: int | None
    permissions: frozenset[Permission] = field(default=frozenset())
    covers: bool = True
    system: bool = False
    heard: bool = False
    """The user has just told them on the phone: only a follow-up says so, no form and no API."""


SYSTEM = Actor(person_id=None, system=True)


@dataclass(frozen=True, slots=True)
class Route:
    """How a category travels (domain: request categories and their routes)."""

    front_answers: bool  # the front may end it with an answer
    local_tries: bool  # second line may try first
    middle_answers: bool  # the middle may answer without the back
    goes_back: bool  # the back has work to do on it
    parks: bool = False  # may wait on a known defect
    dispatch: bool = False  # must be ruled by the operations dispatch centre
    supervisor: bool = False  # the front's supervisor answers, not the agent


# fmt: off
ROUTES = {
    #                            front  local  middle back
    Category.CONSULTATION: Route(True,  True,  True,  False),
    Category.DEFECT:       Route(False, False, False, True, parks=True),
    Category.FAULT:        Route(False, False, False, True, dispatch=True),
    Category.ACCOUNT:      Route(True,  True,  True,  True),
    Category.DATA:         Route(True,  True,  True,  True, parks=True),
    Category.CHANGE:       Route(False, False, True,  True),
    Category.COMPLAINT:    Route(True,  False, True,  False, supervisor=True),
    Category.RESOURCE:     Route(True,  True,  True,  True),
}
# fmt: on
