"""The verbs of the desk. ``move`` is the only writer of a ticket's state, tier and holder.

Every deed writes its trail entry and its notices in the same transaction; verbs never commit.
They raise :class:`kb.flow.Refused` with a sentence, :class:`Overtaken` when a colleague was faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article
from portal.catalogue.models import System
from portal.catalogue.queries import version_in
from portal.people.models import Person
from portal.tickets import notices, trail
from portal.tickets import service_levels as levels
from portal.tickets.flow import ENDED, NEEDS, RETURNS, SYSTEM, Actor, Situation, Step, step
from portal.tickets.models import ArticleLink, Comment, Ticket, TrailEntry, Urge, Watcher
from portal.tickets.visibility import is_party, serves
from portal.tickets.words import (
    ACTION_LABELS,
    TIER_LABELS,
    Action,
    Category,
    Channel,
    State,
    Tier,
    priority_of,
)

ZONE = ZoneInfo("Asia/Shanghai")
URGE_EVERY = timedelta(hours=2)
TITLE_LIMIT = 120
TEXT_LIMIT = 20_000


class Overtaken(Refused):
    """Somebody else moved the ticket first."""


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


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gives along with a move."""

    note: str = ""
    category: Category | None = None
    sub: str = ""
    priority: int | None = None
    rating: int | None = None
    person: Person | None = None
    article: Article | None = None
    data: Mapping[str, object] = field(default_factory=dict)


def actor_of(person: Person | None, ticket: Ticket) -> Actor:
    """What the table needs to know of this person about this ticket; None is the system."""
    if person is None:
        return SYSTEM
    return Actor(
        person_id=person.id,
        permissions=person.permissions if person.active else frozenset(),
        covers=serves(person, ticket),
    )


def situation_of(ticket: Ticket) -> Situation:
    """What the table needs to know of this ticket."""
    return Situation(
        state=ticket.state,
        tier=ticket.tier,
        category=ticket.category,
        ruled=ticket.ruled_category is not None,
        holder_id=ticket.holder_id,
        holder_name=ticket.holder.name if ticket.holder else "",
        requester_id=ticket.requester_id,
        on_defect=ticket.defect is not None,
        untouched=ticket.untouched,
    )


def file(session: Session, request: Request, *, by: Person) -> Ticket:
    """File a ticket; the clock starts and the trail begins."""
    text = request.text.strip()
    if not text:
        raise Refused(N_("请写一两句话说明遇到了什么问题。"))
    if len(text) > TEXT_LIMIT:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内，其余放进附件。"), limit=TEXT_LIMIT)
    if request.impact not in (1, 2, 3) or request.urgency not in (1, 2, 3):
        raise Refused(N_("请选择影响范围和紧急程度。"))
    moment = now(session)
    ticket = Ticket(
        number=next_number(session),
        title=(request.title.strip() or title_from(text))[:TITLE_LIMIT],
        text=text,
        category=request.category,
        first_category=request.category,
        sub=request.sub,
        channel=request.channel,
        impact=request.impact,
        urgency=request.urgency,
        priority=priority_of(request.impact, request.urgency),
        system=request.system,
        module=request.module,
        running_version=version_in(session, request.system, request.requester.unit),
        unit=request.requester.unit,
        requester=request.requester,
        filed_by=by,
        state=State.NEW,
        tier=Tier.FRONT,
        filed_at=moment,
        updated_at=moment,
        paused_minutes=0,
    )
    _set_level(ticket)
    session.add(ticket)
    session.flush()
    trail.append(session, ticket, Action.FILE, by_id=by.id, start=None, data={"category": request.category})
    return ticket


def title_from(text: str) -> str:
    """A title out of the user's own first sentence."""
    first = text.strip().splitlines()[0]
    for mark in "。！？!?；;":
        first = first.split(mark)[0]
    return first.strip()[:60] or text.strip()[:60]


def move(
    session: Session,
    ticket: Ticket,
    action: Action,
    *,
    by: Person | None,
    given: Given | None = None,
    seen: int | None = None,
) -> TrailEntry:
    """Take one step of the table and write it down.

    ``by`` None is the system; ``seen`` is the version on the person's screen. Raises ``Refused`` when
    the table has no such step or something is missing, ``Overtaken`` when a colleague moved it first.
    """
    given = given or Given()
    if seen is not None and seen != ticket.version:
        raise overtaken(session, ticket)
    row = step(situation_of(ticket), action, actor_of(by, ticket))
    _check_given(row, given)
    start = (ticket.state, ticket.tier)
    _settle_clock(session, ticket, row)
    ticket.state, ticket.tier = row.end, row.then
    _settle_holder(ticket, row, by=by, given=given)
    data = _apply(session, ticket, row, by=by, given=given)
    ticket.updated_at = now(session)
    entry = _write(session, ticket, row, by=by, start=start, given=given, data=data)
    event = notices.EVENT_OF.get(action)
    if event:
        notices.announce(session, ticket, event, by=by, note=given.note, tier=TIER_LABELS[ticket.tier])
    return entry


def overtaken(session: Session, ticket: Ticket) -> Overtaken:
    """The sentence that says who was faster and what they did."""
    last = session.scalars(
        select(TrailEntry).where(TrailEntry.ticket_id == ticket.id).order_by(TrailEntry.seq.desc()).limit(1)
    ).first()
    name = last.by.name if last and last.by else N_("系统")
    deed = ACTION_LABELS[last.action] if last else ""
    return Overtaken(
        N_("%(name)s刚刚对这张工单做了“%(deed)s”，您的操作没有执行。内容还在，请看最新情况后再决定。"),
        name=name,
        deed=deed,
    )


def _write(
    session: Session,
    ticket: Ticket,
    row: Step,
    *,
    by: Person | None,
    start: tuple[State, Tier],
    given: Given,
    data: dict[str, object],
) -> TrailEntry:
    try:
        session.flush()
    except StaleDataError as race:
        session.rollback()
        fresh = session.get(Ticket, ticket.id, populate_existing=True)
        raise overtaken(session, fresh or ticket) from race
    return trail.append(
        session,
        ticket,
        row.action,
        by_id=by.id if by else None,
        start=start,
        note=given.note.strip(),
        data={**given.data, **data},
    )


def _check_given(row: Step, given: Given) -> None:
    held = {
        "note": bool(given.note.strip()),
        "category": given.category is not None,
        "rating": given.rating in (1, 2, 3, 4, 5),
        "person": given.person is not None,
    }
    missing = next((need for need in row.needs if not held[need]), None)
    if missing:
        raise Refused(NEEDS[missing])


def _settle_holder(ticket: Ticket, row: Step, *, by: Person | None, given: Given) -> None:
    if row.action == Action.TAKE:
        ticket.holder = by
    elif row.action == Action.REASSIGN:
        if given.person is None or not serves(given.person, ticket):
            raise Refused(N_("这位同事的岗位不负责这张工单。"))
        ticket.holder = given.person
    elif row.action == Action.RULE and ticket.holder is None:
        ticket.holder = by
    elif not row.keeps_holder:
        ticket.holder = None


def _apply(
    session: Session, ticket: Ticket, row: Step, *, by: Person | None, given: Given
) -> dict[str, object]:
    """What a step changes beside state, tier and holder; returns what the trail should keep of it."""
    moment = now(session)
    data: dict[str, object] = {}
    if row.by != _requester() and ticket.responded_at is None and by is not None:
        ticket.responded_at = moment
    if row.action in RETURNS:
        ticket.returns += 1
    if row.then in (Tier.LOCAL, Tier.MIDDLE, Tier.BACK, Tier.DISPATCH):
        ticket.untouched = False
    match row.action:
        case Action.RULE:
            data = _rule(ticket, given)
        case Action.ANSWER | Action.TELL:
            ticket.outcome, ticket.told_at = given.note.strip(), moment
        case Action.FINISH | Action.LOCAL_DONE:
            ticket.work_note = given.note.strip()
        case Action.CONFIRM:
            ticket.rating, ticket.rating_words, ticket.closed_at = given.rating, given.note.strip(), moment
            data = {"rating": given.rating}
        case Action.CANCEL:
            ticket.closed_at = moment
        case Action.REOPEN:
            ticket.reopens += 1
            ticket.told_at = None
        case Action.REASSIGN:
            data = {"to": given.person.name if given.person else ""}
        case _:
            pass
    if given.article is not None:
        link_article(session, ticket, given.article, by=by)
        data["article"] = given.article.number
    _renew_tier_clock(session, ticket, row)
    return data


def _requester() -> str:
    return "requester"


def _rule(ticket: Ticket, given: Given) -> dict[str, object]:
    assert given.category is not None  # the table's "needs" has seen to it
    before = {"from": ticket.category, "priority_from": ticket.priority}
    ticket.category = ticket.ruled_category = given.category
    ticket.sub = given.sub or (ticket.sub if given.category == before["from"] else "")
    if given.priority is not None:
        if given.priority not in (1, 2, 3, 4):
            raise Refused(N_("优先级只能是 1 到 4 级。"))
        ticket.priority = given.priority
    _set_level(ticket)
    return {**before, "to": ticket.category, "priority": ticket.priority}


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────

PAUSED = frozenset({State.WAITING, State.PARKED, State.CONFIRMING})


def _set_level(ticket: Ticket) -> None:
    """Copy the level in force onto the ticket and set its deadlines from the filing on."""
    level = levels.level_for(ticket.category, ticket.priority)
    ticket.level = level.as_json()
    ticket.respond_due = levels.add_minutes(ticket.filed_at, level.respond, level=level, zone=ZONE)
    allowed = level.close + ticket.paused_minutes
    ticket.close_due = levels.add_minutes(ticket.filed_at, allowed, level=level, zone=ZONE)
    if ticket.tier_due is None:
        minutes = levels.tier_minutes(level, ticket.tier)
        ticket.tier_due = levels.add_minutes(ticket.filed_at, minutes, level=level, zone=ZONE)


def _settle_clock(session: Session, ticket: Ticket, row: Step) -> None:
    """Pause when the ball goes to the user or a defect, push the deadlines out when it comes back."""
    moment = now(session)
    if row.end in PAUSED and ticket.paused_at is None:
        ticket.paused_at = moment
    elif row.end not in PAUSED and row.end not in ENDED and ticket.paused_at is not None:
        level = levels.level_from(ticket.level)
        away = levels.minutes_between(ticket.paused_at, moment, level=level, zone=ZONE)
        ticket.paused_minutes += away
        ticket.paused_at = None
        if ticket.close_due:
            ticket.close_due = levels.add_minutes(ticket.close_due, away, level=level, zone=ZONE)


def _renew_tier_clock(session: Session, ticket: Ticket, row: Step) -> None:
    if (row.start, row.tier) == (row.end, row.then):
        return
    if row.end in PAUSED or row.end in ENDED:
        ticket.tier_due = None
        return
    level = levels.level_from(ticket.level)
    minutes = levels.tier_minutes(level, row.then)
    ticket.tier_due = levels.add_minutes(now(session), minutes, level=level, zone=ZONE)


def clock_of(session: Session, ticket: Ticket) -> levels.Clock | None:
    """The clock to the close; None when the ticket has ended."""
    if not ticket.is_open or ticket.close_due is None:
        return None
    level = levels.level_from(ticket.level)
    moment = ticket.paused_at or now(session)
    return levels.Clock(
        due=ticket.close_due,
        left=levels.minutes_between(moment, ticket.close_due, level=level, zone=ZONE),
        total=level.close,
        paused=ticket.paused_at is not None,
        round_the_clock=level.round_the_clock,
    )


# ── beside the moves ─────────────────────────────────────────────────────────────────────────────


def comment(session: Session, ticket: Ticket, text: str, *, by: Person, internal: bool = False) -> Comment:
    """Say something on a ticket; internal remarks are for those whose posts serve it."""
    if not text.strip():
        raise Refused(N_("留言是空的。"))
    if len(text) > TEXT_LIMIT:
        raise Refused(N_("留言太长，请控制在 %(limit)s 个字以内。"), limit=TEXT_LIMIT)
    if internal and not serves(by, ticket):
        raise Refused(N_("内部备注只有负责这张工单的同事可以写。"))
    remark = Comment(ticket=ticket, by=by, at=now(session), text=text.strip(), internal=internal)
    session.add(remark)
    ticket.updated_at = now(session)
    session.flush()
    if not internal:
        notices.announce(session, ticket, notices.Event.COMMENTED, by=by, note=text.strip())
    return remark


def urge(session: Session, ticket: Ticket, *, by: Person, words: str = "") -> Urge:
    """The user asks where it stays; counted, and limited so that it stays a signal."""
    if not ticket.is_open:
        raise Refused(N_("工单已经结束，不需要催办。"))
    if not is_party(session, by, ticket):
        raise Refused(N_("只有提单人和关注人可以催单。"))
    moment = now(session)
    last = session.scalar(select(func.max(Urge.at)).where(Urge.ticket_id == ticket.id, Urge.by_id == by.id))
    if last is not None and moment - last < URGE_EVERY:
        raise Refused(N_("刚刚已经催过，处理人已收到提醒。两小时后仍没有进展可以再催。"))
    call = Urge(ticket_id=ticket.id, by_id=by.id, at=moment, words=words.strip())
    session.add(call)
    ticket.urges += 1
    session.flush()
    notices.announce(session, ticket, notices.Event.URGED, by=by, note=words.strip())
    return call


def watch(session: Session, ticket: Ticket, *, by: Person, on: bool = True) -> None:
    """Follow a ticket, or stop following it."""
    row = session.get(Watcher, (ticket.id, by.id))
    if on and row is None:
        session.add(Watcher(ticket_id=ticket.id, person_id=by.id))
    elif not on and row is not None:
        session.delete(row)
    session.flush()


def link_article(session: Session, ticket: Ticket, article: Article, *, by: Person | None) -> None:
    """Remember that this article answered this ticket."""
    if by is None or any(link.article_id == article.id for link in ticket.article_links):
        return
    session.add(ArticleLink(ticket=ticket, article=article, by_id=by.id, at=now(session)))
    session.flush()


def next_number(session: Session) -> str:
    """GD + day + running number of the day, in the desk's own time zone."""
    day = f"GD{now(session).astimezone(ZONE):%Y%m%d}"
    highest = session.scalar(select(func.max(Ticket.number)).where(Ticket.number.startswith(day)))
    return f"{day}{int(highest[len(day) :]) + 1 if highest else 1:04d}"
