"""Reading: which form a ticket has, what was answered on it, what it still lacks.

Nothing is written here. Among the forms that fit, the one for the module goes before the one for the
sub-category, and that before the one for the whole category. The invariant: the number of queries does not
depend on the number of fields, answers or tickets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portal.catalogue.models import System
from portal.tickets.forms.fields import (
    NOTHING,
    YES_NO_LABELS,
    Field,
    Kind,
    Names,
    Need,
    lacking,
    names_of,
    unpacked,
)
from portal.tickets.forms.models import FormVersion, InfoAnswer, InfoForm
from portal.tickets.models import Attachment, Ticket
from portal.tickets.words import Category

#: What a ticket must have before the middle takes it.
BEFORE_THE_MIDDLE = frozenset({Need.FILING, Need.ESCALATION})
AT_FILING = frozenset({Need.FILING})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One version of a form, ready to be filled in."""

    id: int  # of the version
    form_id: int
    number: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One field with what was answered; ``value`` is empty where nothing was."""

    field: Field
    value: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as a ticket has it; a former one was asked before the ticket was classified anew."""

    sheet: Sheet
    lines: tuple[Line, ...]
    former: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """A form in force, with what it is for."""

    category: Category
    module: str
    sub: str
    sheet: Sheet


def sheet_for(
    session: Session,
    system: System,
    category: Category,
    *,
    module: str | None = None,
    sub: str = "",
    at: datetime | None = None,
) -> Sheet | None:
    """The form of such a ticket, in the version in force now or ``at`` a moment; None when none asks."""
    wanted = (
        select(FormVersion)
        .join(InfoForm)
        .where(InfoForm.system_id == system.id, InfoForm.category == category, InfoForm.retired.is_(False))
        .where(InfoForm.module.in_({"", module or ""}), InfoForm.sub.in_({"", sub or ""}))
        .options(joinedload(FormVersion.form).lazyload(InfoForm.versions))
    )
    if at is not None:
        wanted = wanted.where(FormVersion.at <= at)
    rows = sorted(session.scalars(wanted), key=_closeness)
    return _sheet(rows[-1]) if rows else None


def _closeness(row: FormVersion) -> tuple[bool, bool, int]:
    return bool(row.form.module), bool(row.form.sub), row.number


def _sheet(row: FormVersion) -> Sheet:
    return Sheet(row.id, row.form_id, row.number, unpacked(row.fields))


def sheet_of(session: Session, ticket: Ticket) -> Sheet | None:
    """The form of this ticket: that of where it stands now, as it was when the ticket was filed."""
    return sheet_for(
        session, ticket.system, ticket.category, module=ticket.module, sub=ticket.sub, at=ticket.filed_at
    )


def parts_asked_for(session: Session, system: System, category: Category) -> tuple[set[str], set[str]]:
    """The modules and the sub-categories that have a form of their own here."""
    rows = session.execute(
        select(InfoForm.module, InfoForm.sub)
        .join(FormVersion)
        .where(InfoForm.system_id == system.id, InfoForm.category == category, InfoForm.retired.is_(False))
    ).all()
    return {module for module, _sub in rows if module}, {sub for _module, sub in rows if sub}


def published_for(session: Session, system: System) -> list[Published]:
    """Every form of a system that is in force."""
    forms = session.scalars(
        select(InfoForm)
        .where(InfoForm.system_id == system.id, InfoForm.retired.is_(False))
        .order_by(InfoForm.category, InfoForm.module, InfoForm.sub)
    )
    return [
        Published(form.category, form.module, form.sub, _sheet(form.current))
        for form in forms
        if form.current
    ]


# ── one ticket ───────────────────────────────────────────────────────────────────────────────────


def answers_of(session: Session, ticket: Ticket, sheet: Sheet) -> dict[str, str]:
    """key → value on this form; a later version of the same form has its own answers."""
    rows = session.execute(
        select(InfoAnswer.key, InfoAnswer.value).where(
            InfoAnswer.ticket_id == ticket.id, InfoAnswer.version_id == sheet.id
        )
    )
    return {key: value for key, value in rows if value}


def filled_of(session: Session, ticket: Ticket) -> list[Filled]:
    """What the ticket shows: its form with every field, and former ones with what was answered there."""
    sheet = sheet_of(session, ticket)
    former: dict[int, tuple[FormVersion, dict[str, str]]] = {}
    for answer in _answers(session, [ticket.id]):
        former.setdefault(answer.version_id, (answer.version, {}))[1][answer.key] = answer.value
    given = former.pop(sheet.id)[1] if sheet and sheet.id in former else {}
    now = [Filled(sheet, tuple(Line(row, given.get(row.key, "")) for row in sheet.fields))] if sheet else []
    return now + [_former(version, values) for version, values in former.values()]


def _former(version: FormVersion, values: dict[str, str]) -> Filled:
    sheet = _sheet(version)
    lines = tuple(Line(row, values[row.key]) for row in sheet.fields if row.key in values)
    return Filled(sheet, lines, former=True)


def _answers(session: Session, tickets: Collection[int]) -> Iterable[InfoAnswer]:
    return session.scalars(
        select(InfoAnswer)
        .where(InfoAnswer.ticket_id.in_(tickets), InfoAnswer.value != "")
        .options(joinedload(InfoAnswer.version).lazyload(FormVersion.form))
        .order_by(InfoAnswer.ticket_id, InfoAnswer.id)
    )


def missing_of(session: Session, ticket: Ticket) -> Names:
    """What the middle would still have to ask for."""
    sheet = sheet_of(session, ticket)
    if sheet is None:
        return NOTHING
    answers, pictures = answers_of(session, ticket, sheet), pictures_on(session, ticket)
    return names_of(lacking(sheet.fields, answers, needs=BEFORE_THE_MIDDLE, pictures=pictures))


def pictures_on(session: Session, ticket: Ticket) -> int:
    """How many pictures hang on the ticket."""
    counted = select(func.count()).where(
        Attachment.ticket_id == ticket.id, Attachment.content_type.like("image/%")
    )
    return session.scalar(counted) or 0


# ── many tickets ─────────────────────────────────────────────────────────────────────────────────


def answer_texts(session: Session, tickets: Collection[int]) -> dict[int, str]:
    """ticket id → its answers as lines of ``name：value``, for searching and matching; one query.

    Tickets without answers are left out.
    """
    lines: dict[int, list[str]] = {}
    for answer in _answers(session, tickets):
        asked = {row.key: row for row in unpacked(answer.version.fields)}
        if (row := asked.get(answer.key)) is not None:
            lines.setdefault(answer.ticket_id, []).append(f"{row.name}：{spoken(row, answer.value)}")
    return {ticket: "\n".join(said) for ticket, said in lines.items()}


def spoken(field: Field, value: str) -> str:
    """The value in the desk's words."""
    return YES_NO_LABELS.get(value, value) if field.kind == Kind.YES_NO else value
