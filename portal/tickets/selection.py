"""What a list of tickets asks for, as values and as SQL: piles, filters, overdue and soon.

No query runs here, and who may see a ticket is ``visibility``'s rule. The invariant: a figure and the
list it opens count the same rows, because both are made of the conditions below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session, object_session

from defects.models import Defect
from indexer.words import N_
from portal.catalogue.queries import system_ids
from portal.db import Checked
from portal.people.models import Person, PersonPost
from portal.people.queries import unit_ids_of
from portal.people.roles import PERMISSIONS
from portal.tickets.flow import ENDED, WORKERS
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.visibility import post_clause
from portal.tickets.words import Category, Channel, State, Tier


class Tab(StrEnum):
    """The piles on a colleague's desk."""

    MINE = "mine"
    UNHELD = "unheld"
    SERVED = "served"
    OVERDUE = "overdue"
    SOON = "soon"
    WAITING = "waiting"
    PARKED = "parked"


class Order(StrEnum):
    DUE = "due"
    PRIORITY = "priority"
    FILED = "filed"
    UPDATED = "updated"
    CLOSED = "closed"
    NUMBER = "number"
    TITLE = "title"
    CATEGORY = "category"
    STATE = "state"
    SYSTEM = "system"
    UNIT = "unit"
    REQUESTER = "requester"
    HOLDER = "holder"
    URGES = "urges"
    RETURNS = "returns"


TAB_LABELS = {
    Tab.MINE: N_("我手上的"),
    Tab.UNHELD: N_("待领取"),
    Tab.SERVED: N_("我负责的全部"),
    Tab.OVERDUE: N_("已超时"),
    Tab.SOON: N_("即将超时"),
    Tab.WAITING: N_("等用户补充"),
    Tab.PARKED: N_("挂起等修复"),
}
ORDER_LABELS = {
    Order.DUE: N_("时限最近"),
    Order.PRIORITY: N_("优先级最高"),
    Order.FILED: N_("最新提交"),
    Order.UPDATED: N_("最近有动静"),
    Order.CLOSED: N_("最近办结"),
    Order.NUMBER: N_("工单号"),
    Order.TITLE: N_("标题"),
    Order.CATEGORY: N_("类别"),
    Order.STATE: N_("状态"),
    Order.SYSTEM: N_("系统"),
    Order.UNIT: N_("单位"),
    Order.REQUESTER: N_("用户"),
    Order.HOLDER: N_("处理人"),
    Order.URGES: N_("催单最多"),
    Order.RETURNS: N_("退回最多"),
}
#: Orders that the past can be walked in; the others sort what is open, which is little.
FOR_THE_PAST = frozenset({Order.DUE, Order.FILED, Order.UPDATED, Order.PRIORITY, Order.CLOSED, Order.NUMBER})
#: In the place of a login: whoever looks at the list. No login begins like this.
MYSELF = "@me"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What narrows a list; every field empty means everything that the person serves."""

    tab: Tab | None = None
    tier: Tier | None = None
    state: State | None = None
    category: Category | None = None
    channel: Channel | None = None
    priority: int | None = None
    system: str = ""
    module: str = ""
    unit: str = ""  # with everything below it
    holder: str = ""  # a login
    requester: str = ""  # a login
    defect: str = ""  # a number
    text: str = ""
    open: bool | None = None
    overdue: bool = False
    soon: bool = False
    urged: bool = False
    reopened: bool = False
    returned: bool = False  # sent back between tiers at least once
    first_contact: bool = False  # nobody beyond the front worked on it, and the user didn't reopen it
    linked: bool | None = None
    since: datetime | None = None  # filed from …
    until: datetime | None = None  # … to before
    closed_since: datetime | None = None
    closed_until: datetime | None = None
    everything: bool = False  # open and ended alike
    order: Order = Order.DUE
    turned: bool = False  # the order, from its other end

    @property
    def looks_back(self) -> bool:
        """Does it ask for tickets that have ended, too?"""
        ended = self.state in ENDED
        past = self.closed_since or self.closed_until or self.since or self.until or self.defect
        asked = ended or self.everything or self.open is False or bool(past) or self.is_number
        return self.open is not True and asked

    @property
    def is_number(self) -> bool:
        """Is the text a ticket's number, or the beginning of one?"""
        text = self.text.strip().upper()
        return text.startswith("GD") and text[2:].isdecimal()


def is_open() -> ColumnElement[bool]:
    """``Ticket.is_open`` in SQL: whatever ended carries the moment of its end."""
    return Ticket.closed_at.is_(None)


def is_overdue(moment: datetime) -> ColumnElement[bool]:
    """Open, running, and past its close."""
    return and_(is_open(), Ticket.paused_at.is_(None), Ticket.close_due < moment)


def is_soon(moment: datetime) -> ColumnElement[bool]:
    """Open, running, and past the moment from which it is warned of: what colours the clock chip, too."""
    return and_(is_open(), Ticket.paused_at.is_(None), falls_due_soon(moment))


def falls_due_soon(moment: datetime) -> ColumnElement[bool]:
    """Not yet due at that moment, but already warned of."""
    return and_(Ticket.close_due >= moment, Ticket.close_warn <= moment)


def tiers_of(row: PersonPost) -> list[Tier]:
    """The tiers whose tickets this post works on."""
    return [tier for tier, permission in WORKERS.items() if permission in PERMISSIONS[row.post]]


def is_takeable(person: Person) -> ColumnElement[bool]:
    """Lies unheld on the table of a tier that one of this person's posts works, and the post serves it."""
    return and_(Ticket.holder_id.is_(None), Ticket.state.in_(TAKEABLE), is_workable(person))


def is_workable(person: Person) -> ColumnElement[bool]:
    """Lies on the table of a tier that one of this person's posts works."""
    rows = [(row, tiers_of(row)) for row in person.posts] if person.active else []
    return or_(false(), *(and_(Ticket.tier.in_(tiers), post_clause(row)) for row, tiers in rows if tiers))


TAKEABLE = (State.NEW, State.OPEN, State.VERIFYING, State.FEEDBACK)


def in_tab(tab: Tab, person: Person, moment: datetime) -> ColumnElement[bool]:
    """Is a ticket on this pile?"""
    match tab:
        case Tab.MINE:
            return and_(is_open(), Ticket.holder_id == person.id)
        case Tab.UNHELD:
            return and_(is_open(), is_takeable(person))
        case Tab.OVERDUE:
            return is_overdue(moment)
        case Tab.SOON:
            return is_soon(moment)
        case Tab.WAITING:
            return and_(is_open(), Ticket.state == State.WAITING)
        case Tab.PARKED:
            return and_(is_open(), Ticket.state == State.PARKED)
        case _:
            return is_open()


def conditions(
    wanted: Filter, person: Person, moment: datetime, *, walking: bool = False
) -> Iterator[ColumnElement[bool]]:
    """Everything a filter asks for, the person's own bounds not included.

    ``walking``: so many fit that the list is walked in its order; the index of the ended ones has another.
    """
    end = Checked(Ticket.closed_at) if walking else Ticket.closed_at.expression
    wanted = seen_by(person, wanted)
    if wanted.tab is not None:
        yield in_tab(wanted.tab, person, moment)
    if wanted.open is not None:
        yield is_open() if wanted.open else end.is_not(None)
    elif wanted.tab is None and not wanted.looks_back:
        yield is_open()
    for column, value in (
        (Ticket.tier, wanted.tier),
        (Ticket.state, wanted.state),
        (Ticket.category, wanted.category),
        (Ticket.channel, wanted.channel),
        (Ticket.priority, wanted.priority),
        (Ticket.module, wanted.module or None),
    ):
        if value is not None:
            yield column == value
    if wanted.state in ENDED and wanted.open is None:
        yield end.is_not(None)  # follows from it, and lets the index of the ended ones be used
    yield from places(object_session(person), wanted)
    yield from _marks(wanted, moment)
    yield from _moments(wanted)
    if wanted.text.strip():
        yield says(wanted)


def seen_by(person: Person, wanted: Filter) -> Filter:
    """The filter with "me" put in: a shared list means whoever looks at it."""
    mine = {name: person.login for name in ("holder", "requester") if getattr(wanted, name) == MYSELF}
    return replace(wanted, **mine) if mine else wanted  # type: ignore[arg-type]


def places(session: Session | None, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """Where: the system, the unit and those below it, the people."""
    if wanted.system:
        yield Checked(Ticket.system_id).in_(system_ids(session, [wanted.system]))
    if wanted.unit:
        yield Checked(Ticket.unit_id).in_(unit_ids_of(session, wanted.unit))
    for column, login in ((Ticket.holder_id, wanted.holder), (Ticket.requester_id, wanted.requester)):
        if login:
            yield column.in_(select(Person.id).where(Person.login == login))


def _marks(wanted: Filter, moment: datetime) -> Iterator[ColumnElement[bool]]:
    if wanted.overdue:
        yield is_overdue(moment)
    if wanted.soon:
        yield is_soon(moment)
    if wanted.urged:
        yield Ticket.urges > 0
    if wanted.reopened:
        yield Ticket.reopens > 0
    if wanted.returned:
        yield Ticket.returns > 0
    if wanted.first_contact:
        yield and_(Ticket.untouched.is_(True), Ticket.reopens == 0)
    linked = select(DefectLink.ticket_id).where(DefectLink.verdict == LinkVerdict.LINKED)
    if wanted.linked is not None:
        yield Ticket.id.in_(linked) if wanted.linked else Ticket.id.not_in(linked)
    if wanted.defect:
        yield Ticket.id.in_(linked.join(Defect).where(Defect.number == wanted.defect))


def _moments(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.since:
        yield Ticket.filed_at >= wanted.since
    if wanted.until:
        yield Ticket.filed_at < wanted.until
    if wanted.closed_since:
        yield Ticket.closed_at >= wanted.closed_since
    if wanted.closed_until:
        yield Ticket.closed_at < wanted.closed_until


def says(wanted: Filter) -> ColumnElement[bool]:
    """A number of any ticket, or words that all stand in the title."""
    if wanted.is_number:
        number = wanted.text.strip().upper()
        return and_(Ticket.number >= number, Ticket.number < number + "a")
    words = wanted.text.split()[:6]
    return and_(*(Ticket.title.icontains(word, autoescape=True) for word in words))
