"""How each person likes their lists: which view opens first, which columns; and how much lies in each view.

Nothing here changes a view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.people.models import Person
from portal.tickets.models import Ticket
from portal.tickets.selection import Filter, conditions
from portal.tickets.views.columns import ORDINARY, Column, chosen
from portal.tickets.views.models import ListHabit, SavedView
from portal.tickets.visibility import served_by


def opening_view(session: Session, person: Person, views: Sequence[SavedView]) -> SavedView | None:
    """The view somebody begins with: their own choice, else what is closest of what leads set up."""
    mine = session.scalar(
        select(ListHabit.view_id).where(ListHabit.person_id == person.id, ListHabit.opens).limit(1)
    )
    own = next((view for view in views if view.id == mine), None)
    offered = [view for view in views if view.shared and view.opens]
    offered.sort(
        key=lambda view: (len(view.unit.ancestry) if view.unit else 0, view.post is not None, view.id)
    )
    return own or (offered[-1] if offered else None)


def begin_with(session: Session, person: Person, view: SavedView | None) -> None:
    """The list that opens when somebody comes in; None: whatever is usual."""
    habits = session.scalars(select(ListHabit).where(ListHabit.person_id == person.id, ListHabit.opens))
    for habit in habits:
        habit.opens = False
    if view is not None:
        _habit(session, person, view.id).opens = True
    session.flush()


def columns_for(session: Session, person: Person, view: SavedView | None) -> tuple[Column, ...]:
    """This person's own choice for the view, the view's columns, their usual ones, the ordinary ones."""
    number = view.id if view else 0
    rows = session.scalars(
        select(ListHabit).where(ListHabit.person_id == person.id, ListHabit.view_id.in_({0, number}))
    )
    own = {row.view_id: chosen(row.columns) for row in rows}
    of_view = chosen(view.columns) if view else ()
    return own.get(number) or of_view or own.get(0) or ORDINARY


def choose_columns(session: Session, person: Person, view: SavedView | None, names: Sequence[str]) -> None:
    """Remember columns; none at all means the usual ones again."""
    _habit(session, person, view.id if view else 0).columns = list(chosen(names))
    session.flush()


def _habit(session: Session, person: Person, number: int) -> ListHabit:
    habit = session.get(ListHabit, (person.id, number))
    if habit is None:
        habit = ListHabit(person_id=person.id, view_id=number, columns=[])
        session.add(habit)
    return habit


def counts(session: Session, person: Person, filters: Mapping[int, Filter]) -> dict[int, int]:
    """How many tickets each view holds for this person; one query, and none for views of the past."""
    moment = now(session)
    open_ones = {number: wanted for number, wanted in filters.items() if not wanted.looks_back}
    if not open_ones:
        return {}
    sums = [
        func.sum(case((and_(*conditions(wanted, person, moment)), 1), else_=0))
        for wanted in open_ones.values()
    ]
    bounds = and_(served_by(person), Ticket.closed_at.is_(None))
    row = session.execute(select(*sums).select_from(Ticket).where(bounds)).one()
    return {number: int(count or 0) for number, count in zip(open_ones, row, strict=True)}
