"""Loading tickets of a former desk: history to match against, and open ones to be worked on here.

A closed or cancelled ticket comes in as such; any other starts again as 待受理. The trail's first
entry says where it came from and when it was brought in: an import never claims moves that nobody
here has seen. The invariant: a ticket once loaded is not rewritten by a later import.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.words import N_
from kb.columns import now
from kb.importing.fields import Field, choice, code, moment, number, text
from kb.importing.identity import Key, chunks, ids_of, own_id
from kb.importing.loading import Draft, Progress, drafts_of
from kb.importing.outcome import BadRow, Outcome, Record
from portal.catalogue.models import System
from portal.people.models import Person, Unit
from portal.tickets import trail
from portal.tickets.clocks import ZONE, set_level
from portal.tickets.filing import TEXT_LIMIT, TITLE_LIMIT, title_from
from portal.tickets.models import DefectLink, LinkVerdict, Ticket, TrailEntry
from portal.tickets.references import References
from portal.tickets.words import (
    CATEGORY_LABELS,
    CHANNEL_LABELS,
    STATE_LABELS,
    SUB_LABELS,
    Action,
    Category,
    Channel,
    State,
    Tier,
    priority_of,
)

# fmt: off
FIELDS = (
    Field("source",       N_("来源"),     text(100)),
    Field("external_id",  N_("来源编号"), text(200)),
    Field("title",        N_("标题"),     text(300)),
    Field("text",         N_("内容"),     text(TEXT_LIMIT), required=True),
    Field("category",     N_("请求类别"), choice(Category, CATEGORY_LABELS), required=True),
    Field("sub",          N_("子类"),     text(64)),
    Field("channel",      N_("渠道"),     choice(Channel, CHANNEL_LABELS, Channel.WEB)),
    Field("system",       N_("系统"),     code(), required=True),
    Field("module",       N_("模块"),     code()),
    Field("version",      N_("运行版本"), text(40)),
    Field("requester",    N_("提单人"),   code(), required=True),
    Field("unit",         N_("单位"),     code()),
    Field("impact",       N_("影响范围"), number(1, 3, 3)),
    Field("urgency",      N_("紧急程度"), number(1, 3, 2)),
    Field("priority",     N_("优先级"),   number(1, 4)),
    Field("state",        N_("状态"),     choice(State, STATE_LABELS, State.NEW)),
    Field("filed_at",     N_("提交时间"), moment),
    Field("closed_at",    N_("办结时间"), moment),
    Field("outcome",      N_("答复"),     text(TEXT_LIMIT)),
    Field("work_note",    N_("处理记录"), text(TEXT_LIMIT)),
    Field("rating",       N_("评分"),     number(1, 5)),
    Field("rating_words", N_("评价"),     text(TEXT_LIMIT)),
    Field("defect",       N_("关联缺陷"), text(200)),
)
# fmt: on


def load(
    session: Session,
    records: Iterable[Record],
    *,
    by: int,
    references: References,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Load tickets as filed by ``by``; nothing is written when a row is bad, unless ``skip_bad``."""
    outcome = Outcome()
    held = list(records)
    references.expect(held, "requester")
    drafts = drafts_of(
        held, FIELDS, outcome, settle=lambda values: _whole(references.of_ticket(values)), named_by="text"
    )
    defects = _defects(session, drafts)
    known = ids_of(session, Ticket, [draft.key for draft in drafts], created="filed_at")
    fresh = [draft for draft in drafts if _is_fresh(session, draft, known, defects, outcome)]
    if outcome.faults and not skip_bad:
        return outcome
    writer = _Writer(session, fresh, defects, by=by)
    for part in chunks(fresh):
        writer.write(part)
        outcome.new += len(part)
        if progress:
            progress(len(part))
    return outcome


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    if values["sub"] and values["sub"] not in SUB_LABELS[values["category"]]:
        raise BadRow(
            N_("子类（sub）只能是 %(known)s。") % {"known": "、".join(SUB_LABELS[values["category"]])}
        )
    ended = values["state"] in (State.CLOSED, State.CANCELLED)
    values["state"] = values["state"] if ended else State.NEW
    if ended and not values["filed_at"]:
        raise BadRow(N_("已结束的工单要有提交时间（filed_at）。"))
    if not ended and values["closed_at"]:
        raise BadRow(N_("有办结时间（closed_at）的工单，状态应是 closed 或 cancelled。"))
    if ended and values["closed_at"] and values["closed_at"] < values["filed_at"]:
        raise BadRow(N_("办结时间早于提交时间。"))
    return values


def _defects(session: Session, drafts: Sequence[Draft]) -> dict[str, int]:
    """Every defect that the drafts name: by its id elsewhere, by our number, or as our export names it."""
    named = {draft.values["defect"] for draft in drafts if draft.values["defect"]}
    found: dict[str, int] = {}
    for part in chunks(sorted(named)):
        wanted = select(Defect.external_id, Defect.id).where(Defect.external_id.in_(part))
        found |= {str(name): id_ for name, id_ in session.execute(wanted)}
        numbers = {name.partition("@")[0] for name in part}
        ours = select(Defect.number, Defect.created_at, Defect.id).where(Defect.number.in_(numbers))
        for name, created, id_ in session.execute(ours):
            found |= {name: id_, own_id(name, created): id_}
    return found


def _is_fresh(
    session: Session, draft: Draft, known: dict[Key, int], defects: dict[str, int], outcome: Outcome
) -> bool:
    if draft.values["defect"] and draft.values["defect"] not in defects:
        outcome.refuse(draft.row, N_("没有编号为 %(id)s 的缺陷。") % {"id": draft.values["defect"]})
        return False
    if draft.key not in known:
        return True
    outcome.unchanged += 1
    return False


class _Writer:
    """Files a batch, then begins its trails: an entry's digest covers the ticket's id."""

    def __init__(
        self, session: Session, drafts: Sequence[Draft], defects: dict[str, int], *, by: int
    ) -> None:
        self.session, self.defects, self.by = session, defects, by
        self.moment = now(session).replace(microsecond=0)
        self.systems = {row.code: row for row in session.scalars(select(System))}
        self.units = {row.code: row for row in session.scalars(select(Unit))}
        self.homes: dict[int, str] = {}
        for part in chunks({draft.values["requester_id"] for draft in drafts}):
            rows = (
                select(Person.id, Unit.code).join(Unit, Person.unit_id == Unit.id).where(Person.id.in_(part))
            )
            self.homes |= dict(session.execute(rows).all())
        self.last = _last_numbers(session, {self._day(draft) for draft in drafts})

    def write(self, drafts: Sequence[Draft]) -> None:
        tickets = [self._ticket(draft) for draft in drafts]
        self.session.add_all(tickets)
        self.session.flush()
        for ticket, draft in zip(tickets, drafts, strict=True):
            entry = self._begin_trail(ticket)
            self.session.add_all([entry, trail.head_of(entry)])
            if draft.values["defect"]:
                self.session.add(self._link(ticket, self.defects[draft.values["defect"]]))
        self.session.flush()

    def _day(self, draft: Draft) -> str:
        return f"GD{(draft.values['filed_at'] or self.moment).astimezone(ZONE):%Y%m%d}"

    def _number(self, draft: Draft) -> str:
        day = self._day(draft)
        self.last[day] = self.last.get(day, 0) + 1
        return f"{day}{self.last[day]:04d}"

    def _ticket(self, draft: Draft) -> Ticket:
        values = draft.values
        filed = values["filed_at"] or self.moment
        ended = values["state"] in (State.CLOSED, State.CANCELLED)
        closed = (values["closed_at"] or filed) if ended else None
        ticket = Ticket(
            number=self._number(draft),
            source=draft.key[0],
            external_id=draft.key[1],
            title=(values["title"] or title_from(values["text"]))[:TITLE_LIMIT],
            first_category=values["category"],
            ruled_category=values["category"] if ended else None,
            priority=values["priority"] or priority_of(values["impact"], values["urgency"]),
            system=self.systems[values["system"]],
            running_version=values["version"],
            unit=self.units[values["unit"] or self.homes[values["requester_id"]]],
            filed_by_id=self.by,
            tier=Tier.USER if ended else Tier.FRONT,
            untouched=not ended,
            filed_at=filed,
            updated_at=self.moment,
            paused_minutes=0,
            told_at=closed,
            closed_at=closed,
            **{name: values[name] for name in _COPIED},
        )
        set_level(self.session, ticket)
        if ended:  # when somebody first answered there is not known here
            ticket.tier_due = ticket.respond_due = None
        return ticket

    def _begin_trail(self, ticket: Ticket) -> TrailEntry:
        entry = TrailEntry(
            ticket_id=ticket.id,
            seq=1,
            at=self.moment,
            by_id=self.by,
            action=Action.FILE,
            to_state=ticket.state,
            to_tier=ticket.tier,
            note=N_("从其他系统导入"),
            data={"source": ticket.source, "external_id": ticket.external_id, "category": ticket.category},
            previous="",
        )
        entry.digest = trail.digest_of(entry)
        return entry

    def _link(self, ticket: Ticket, defect_id: int) -> DefectLink:
        return DefectLink(
            ticket_id=ticket.id,
            defect_id=defect_id,
            verdict=LinkVerdict.LINKED,
            by_id=self.by,
            at=self.moment,
        )


_COPIED = (
    "text",
    "category",
    "sub",
    "channel",
    "module",
    "requester_id",
    "impact",
    "urgency",
    "state",
    "outcome",
    "work_note",
    "rating",
    "rating_words",
)


def _last_numbers(session: Session, days: set[str]) -> dict[str, int]:
    """day → the highest running number given on it, in one statement for many days."""
    found: dict[str, int] = {}
    day, running = func.substr(Ticket.number, 1, 10), cast(func.substr(Ticket.number, 11), Integer)
    for part in chunks(sorted(days)):
        rows = select(day, func.max(running)).where(day.in_(part)).group_by(day)
        found |= dict(session.execute(rows).all())
    return found
