"""The data-fix recipe of a record in use: on which ticket's data it was run, by whom.

Verbs never commit. The invariant: a run belongs to a ticket that hangs on the record, once.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from defects.models import Defect
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.causes.keys.models import RecipeRun
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets

NOTE_LIMIT = 500


def may_read(person: Person) -> bool:
    """Recipes are for those who work on root causes: run by a layman they do harm."""
    return person.may(Permission.READ_EXPERT_TEXTS)


def ran(session: Session, defect: Defect, ticket: Ticket, *, by: Person, note: str = "") -> RecipeRun:
    """Write down that this ticket's data was mended by the recipe."""
    if not defect.data_fix.strip():
        raise Refused(N_("这条缺陷还没有数据补救办法。"))
    if ticket.defect is None or ticket.defect.id != defect.id:
        raise Refused(N_("工单 %(number)s 没有关联到这条缺陷，请先关联。"), number=ticket.number)
    if _run_of(session, defect, ticket) is not None:
        raise Refused(N_("工单 %(number)s 已经登记过了。"), number=ticket.number)
    run = RecipeRun(
        defect_id=defect.id, ticket=ticket, by=by, at=now(session), note=note.strip()[:NOTE_LIMIT]
    )
    session.add(run)
    session.flush()
    return run


def take_back(session: Session, defect: Defect, ticket: Ticket) -> None:
    """It was another ticket."""
    run = _run_of(session, defect, ticket)
    if run is None:
        raise Refused(N_("这张工单没有登记过。"))
    session.delete(run)
    session.flush()


def _run_of(session: Session, defect: Defect, ticket: Ticket) -> RecipeRun | None:
    return session.scalar(
        select(RecipeRun).where(RecipeRun.defect_id == defect.id, RecipeRun.ticket_id == ticket.id)
    )


def count_of(session: Session, defect: Defect) -> int:
    """How often the recipe was run, over every ticket."""
    wanted = select(func.count()).select_from(RecipeRun).where(RecipeRun.defect_id == defect.id)
    return session.scalar(wanted) or 0


def runs_seen(session: Session, defect: Defect, person: Person, *, limit: int = 5) -> list[RecipeRun]:
    """The latest runs on tickets that this person may open."""
    tickets = visible_tickets(person).with_only_columns(Ticket.id)
    wanted = (
        select(RecipeRun)
        .where(RecipeRun.defect_id == defect.id, RecipeRun.ticket_id.in_(tickets))
        .options(joinedload(RecipeRun.ticket), joinedload(RecipeRun.by))
        .order_by(RecipeRun.id.desc())
        .limit(limit)
    )
    return list(session.scalars(wanted).unique())
