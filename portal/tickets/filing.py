"""Filing a ticket: what a user, or an agent for a caller, brings; its number, its title, its first clock.

Everything after the filing is ``desk.move``. The invariant: a filed ticket has a number of its own and
the first entry of its trail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.catalogue.models import System
from portal.catalogue.queries import version_in
from portal.people.models import Person, PersonPost, Unit
from portal.people.roles import PERMISSIONS, Permission
from portal.tickets import trail
from portal.tickets.clocks import ZONE, set_level
from portal.tickets.forms.answering import Answers, keep_at_filing
from portal.tickets.models import Ticket
from portal.tickets.words import SUB_LABELS, Action, Category, Channel, State, Tier, priority_of

TITLE_LIMIT = 120
TEXT_LIMIT = 20_000
NUMBER_TRIES = 8


@dataclass(frozen=True, slots=True)
class Request:
    """What a user, or an agent for a caller, files."""

    text: str
    category: Category
    system: System
    requester: Person
    title: str = ""
    sub: str = ""
    module: str | None = None
    impact: int = 3
    urgency: int = 2
    channel: Channel = Channel.WEB
    unit: Unit | None = None
    """Where it happens, when that is not the user's own unit."""
    answers: Answers | None = None
    """To the information form of the system; None where nobody was asked."""


def clean(text: str) -> str:
    """Without what no database keeps (NUL, lone surrogates) and without white space around it."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode().strip()


def file(session: Session, request: Request, *, by: Person) -> Ticket:
    """File a ticket; the clock starts and the trail begins."""
    _check(request, by)
    ticket = _numbered(session, _drafted(session, request, by=by))
    trail.append(session, ticket, Action.FILE, by_id=by.id, start=None, data={"category": request.category})
    if request.answers is not None:
        keep_at_filing(session, ticket, request.answers)
    return ticket


def _check(request: Request, by: Person) -> None:
    text = clean(request.text)
    if not text:
        raise Refused(N_("请写一两句话说明遇到了什么问题。"))
    if len(text) > TEXT_LIMIT:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内，其余放进附件。"), limit=TEXT_LIMIT)
    if request.impact not in (1, 2, 3) or request.urgency not in (1, 2, 3):
        raise Refused(N_("请选择影响范围和紧急程度。"))
    if request.sub and request.sub not in SUB_LABELS[request.category]:
        raise Refused(N_("请求的细类和类别对不上，请重新选择。"))
    if request.module and request.module not in {module.code for module in request.system.modules}:
        raise Refused(N_("这个系统没有这样的模块，请重新选择。"))
    _check_filer(request.requester, by)


def _check_filer(requester: Person, by: Person) -> None:
    if by.id == requester.id:
        return
    if not by.may(Permission.FILE_FOR_OTHERS):
        raise Refused(N_("您的岗位不能替别人提交工单。"))
    if not may_file_for(by, requester):
        raise Refused(N_("这位用户不在您负责的单位里，不能替其提交工单。"))


def filing_desks(by: Person) -> Iterator[PersonPost]:
    """The posts by which somebody files for callers, each with the unit it serves."""
    return (row for row in by.posts if Permission.FILE_FOR_OTHERS in PERMISSIONS[row.post] and row.unit)


def may_file_for(by: Person, caller: Person) -> bool:
    """Does a post of this agent serve the caller's unit? ``callers.served_callers`` is the same in SQL."""
    paths = [row.unit.path for row in filing_desks(by) if row.unit is not None]
    return by.active and caller.active and any(caller.unit.path.startswith(path) for path in paths)


def _drafted(session: Session, request: Request, *, by: Person) -> Ticket:
    moment, unit = now(session), request.unit or request.requester.unit
    text = clean(request.text)
    ticket = Ticket(
        title=(clean(request.title) or title_from(text))[:TITLE_LIMIT],
        text=text,
        category=request.category,
        first_category=request.category,
        sub=request.sub,
        channel=request.channel,
        impact=request.impact,
        urgency=request.urgency,
        priority=priority_of(request.impact, request.urgency),
        system=request.system,
        module=request.module or None,
        running_version=version_in(session, request.system, unit),
        unit=unit,
        requester=request.requester,
        filed_by=by,
        state=State.NEW,
        tier=Tier.FRONT,
        filed_at=moment,
        updated_at=moment,
        paused_minutes=0,
    )
    set_level(session, ticket)
    return ticket


def _numbered(session: Session, ticket: Ticket) -> Ticket:
    """Give it the next number of the day; whoever took it in the same moment keeps it, we take the next."""
    for attempt in range(NUMBER_TRIES):
        ticket.number = next_number(session)
        try:
            with session.begin_nested():
                session.add(ticket)
                session.flush()
        except IntegrityError:
            if attempt == NUMBER_TRIES - 1:
                raise
        else:
            break
    return ticket


def title_from(text: str) -> str:
    """A title out of the user's own first sentence."""
    first = text.strip().splitlines()[0]
    for mark in "。！？!?；;":
        first = first.split(mark)[0]
    return first.strip()[:60] or text.strip()[:60]


def next_number(session: Session) -> str:
    """GD + day + running number of the day, in the desk's own time zone; it grows past 9999."""
    today = now(session).astimezone(ZONE)
    day, tomorrow = f"GD{today:%Y%m%d}", f"GD{today + timedelta(days=1):%Y%m%d}"
    highest = session.scalar(
        select(Ticket.number)
        .where(Ticket.number >= day, Ticket.number < tomorrow)
        .order_by(func.length(Ticket.number).desc(), Ticket.number.desc())
        .limit(1)
    )
    return f"{day}{int(highest[len(day) :]) + 1 if highest else 1:04d}"
