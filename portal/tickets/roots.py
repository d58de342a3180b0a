"""From tickets to their root cause: opening a record from those that no record explains yet.

The record itself is the defect library's. The invariant: a record opened here has at least one ticket,
and whoever opens it may link every one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from defects import library
from defects.models import Defect, DefectType
from defects.signatures import codes_in
from defects.texts import DefectText
from defects.versions import in_order, read
from indexer.words import N_
from kb.flow import Refused
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import linking
from portal.tickets.filing import TITLE_LIMIT, clean
from portal.tickets.models import Ticket
from portal.tickets.visibility import permissions_on
from portal.tickets.words import Category

RECENT = timedelta(weeks=8)
MOST = 300
SYMPTOMS = 8
#: Requests that a defect may stand behind.
ROOTED = (Category.DEFECT, Category.DATA)


def open_record_from(session: Session, tickets: Sequence[Ticket], *, title: str, by: Person) -> Defect:
    """Open a record out of what these users said, and link every one of their tickets to it."""
    _check(tickets, by)
    defect = library.open_record(session, _text_of(tickets, title), by=by.id)
    for ticket in tickets:
        linking.link(session, ticket, defect, by=by)
    return defect


def _check(tickets: Sequence[Ticket], by: Person) -> None:
    if not tickets:
        raise Refused(N_("请至少勾选一张工单。"))
    if len({ticket.system_id for ticket in tickets}) > 1:
        raise Refused(N_("一条缺陷只能属于一个系统，请按系统分开建。"))
    for ticket in tickets:
        held = permissions_on(by, ticket)
        if Permission.CURATE_DEFECTS not in held or Permission.LINK_DEFECTS not in held:
            raise Refused(N_("您的岗位不能为这些工单新建缺陷。"))
        if ticket.defect is not None:
            raise Refused(N_("工单 %(number)s 已经关联了缺陷，请刷新后再看。"), number=ticket.number)


def _text_of(tickets: Sequence[Ticket], title: str) -> DefectText:
    lead = tickets[0]
    kinds = {str(kind) for kind in DefectType}
    sub = _commonest(ticket.sub for ticket in tickets if ticket.category == Category.DEFECT)
    versions = {ticket.running_version for ticket in tickets if ticket.running_version}
    codes = [code for ticket in tickets for code in codes_in(f"{ticket.title}\n{ticket.text}")]
    return DefectText(
        title=(clean(title) or lead.title)[:TITLE_LIMIT],
        system=lead.system.code,
        module=_commonest(ticket.module or "" for ticket in tickets) or None,
        type=DefectType(sub) if sub in kinds else DefectType.FUNCTION,
        severity=min(ticket.priority for ticket in tickets),
        symptoms=list(dict.fromkeys(ticket.title for ticket in tickets))[:SYMPTOMS],
        codes=list(dict.fromkeys(codes)),
        affected=in_order(version for version in versions if read(version)),
    )


def _commonest(values: Iterable[str]) -> str:
    counted = Counter(value for value in values if value).most_common(1)
    return counted[0][0] if counted else ""
