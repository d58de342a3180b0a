"""Filling in the information form of a ticket: by those who work on it or by its user, all in the trail.

The state, the tier and the holder stay; the version moves on, so that two people who write at once notice.
Verbs never commit. The invariant: what a form was answered before stands in the trail for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets import trail
from portal.tickets.flow import WORKERS
from portal.tickets.forms.answering import Change, write
from portal.tickets.forms.fields import checked_all
from portal.tickets.forms.sheets import sheet_of, spoken
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.moves import overtaken
from portal.tickets.visibility import permissions_on
from portal.tickets.words import Action, State, Tier

#: While the desk may still ask, the user may answer.
USER_MAY = frozenset({(State.NEW, Tier.FRONT), (State.OPEN, Tier.FRONT)})
#: What a line of the trail quotes of a long answer.
QUOTED = 60


def may_inform(person: Person, ticket: Ticket) -> bool:
    """May this person fill in the form now: whoever works the tier, or the user while they may be asked?"""
    if not person.active or not ticket.is_open:
        return False
    asked = ticket.state == State.WAITING or (ticket.state, ticket.tier) in USER_MAY
    if person.id == ticket.requester_id and asked:
        return True
    return WORKERS.get(ticket.tier) in permissions_on(person, ticket)


def inform(
    session: Session, ticket: Ticket, given: Mapping[str, str], *, by: Person, seen: int | None = None
) -> TrailEntry | None:
    """Keep these answers and write down what they changed; None when they change nothing.

    ``seen`` is the version on the person's screen. Raises ``Refused`` when it isn't theirs to fill in or a
    value does not fit, ``Overtaken`` when somebody was faster.
    """
    if seen is not None and seen != ticket.version:
        raise overtaken(session, ticket, by=by)
    if not may_inform(by, ticket):
        raise Refused(N_("信息表由正在处理这张工单的环节填写。"))
    sheet = sheet_of(session, ticket)
    if sheet is None:
        raise Refused(N_("这类工单没有信息表。"))
    changes = write(session, ticket, sheet, checked_all(sheet.fields, given))
    return _written_down(session, ticket, changes, version=sheet.number, by=by) if changes else None


def _written_down(
    session: Session, ticket: Ticket, changes: Sequence[Change], *, version: int, by: Person
) -> TrailEntry:
    ticket.updated_at = now(session)
    flag_modified(ticket, "updated_at")  # within one second, too: the version is what others compare
    session.flush()
    return trail.append(
        session,
        ticket,
        Action.INFORM,
        by_id=by.id,
        start=(ticket.state, ticket.tier),
        note="；".join(_line(change) for change in changes),
        data={
            "form_version": version,
            "changes": [[change.field.key, change.before, change.after] for change in changes],
        },
    )


def _line(change: Change) -> str:
    before, after = (_quoted(change, value) for value in (change.before, change.after))
    if not before:
        return f"{change.field.name}：{after}"
    return f"{change.field.name}：{before} → {after or '（空）'}"


def _quoted(change: Change, value: str) -> str:
    text = " ".join(spoken(change.field, value).split())
    return text if len(text) <= QUOTED else text[:QUOTED] + "……"
