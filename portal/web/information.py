"""The information form on a page: which fields are drawn, and what was typed into them.

Used wherever a ticket is filed or shown. A field's input is named after its form and its key, so that what
was typed into one form is never taken for an answer to another. The invariant: whatever was typed comes
back, into its field or, while another form is shown, as something the page carries along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.catalogue.models import System
from portal.tickets.forms.answering import Answers
from portal.tickets.forms.fields import Field
from portal.tickets.forms.sheets import Filled, Sheet, filled_of, parts_asked_for, sheet_for, sheet_of
from portal.tickets.informing import may_inform
from portal.tickets.models import Ticket
from portal.tickets.words import SUB_LABELS, Category
from portal.web.request import db, me

PREFIX = "answer-"
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Asked:
    """A form to be filled in, with what was typed so far.

    ``modules`` and ``subs`` are offered where a form of their own may ask something else.
    """

    sheet: Sheet | None = None
    typed: Mapping[str, str] = field(default_factory=dict)  # by the input's name
    modules: tuple[tuple[str, str], ...] = ()
    subs: tuple[tuple[str, str], ...] = ()
    module: str = ""
    sub: str = ""

    @property
    def lines(self) -> list[tuple[Field, str, str]]:
        """(field, name of its input, what stands in it)."""
        if self.sheet is None:
            return []
        names = [(row, name_of(self.sheet, row)) for row in self.sheet.fields]
        return [(row, name, self.typed.get(name, "")) for row, name in names]

    @property
    def elsewhere(self) -> list[tuple[str, str]]:
        """What was typed into other forms; the page carries it along."""
        own = {name for _row, name, _value in self.lines}
        return [(name, value) for name, value in self.typed.items() if name not in own and value]

    @property
    def key(self) -> str:
        """Says whether a page shows this form already."""
        return str(self.sheet.id) if self.sheet else ""

    @property
    def is_worth_a_place(self) -> bool:
        return bool(self.sheet or self.modules or self.subs)


NOTHING_ASKED = Asked()


def name_of(sheet: Sheet, row: Field) -> str:
    """The name of the input of a field."""
    return f"{PREFIX}{sheet.form_id}-{row.key}"


def typed_in(form: Mapping[str, str]) -> dict[str, str]:
    """Everything that was typed into fields of forms, whichever form it was."""
    return {name: value[:LONGEST] for name, value in form.items() if name.startswith(PREFIX)}


def given_in(sheet: Sheet | None, typed: Mapping[str, str]) -> dict[str, str]:
    """key → text of what was typed into this form."""
    if sheet is None:
        return {}
    names = {row.key: name_of(sheet, row) for row in sheet.fields}
    return {key: typed[name] for key, name in names.items() if name in typed}


def asked_about(
    system: System | None,
    category: Category | None,
    *,
    module: str = "",
    sub: str = "",
    typed: Mapping[str, str],
    offering: bool = True,
) -> Asked:
    """The form of such a ticket; ``offering``: may the page ask for module and sub-category, too?"""
    if system is None or category is None:
        return Asked(typed=typed)
    own_modules, own_subs = parts_asked_for(db(), system, category) if offering else (set(), set())
    # Chosen for another system or category a moment ago: it means nothing here.
    module = module if module in {row.code for row in system.modules} else ""
    sub = sub if sub in SUB_LABELS[category] else ""
    sheet = sheet_for(db(), system, category, module=module, sub=sub)
    modules = tuple((row.code, row.name) for row in system.modules if row.active) if own_modules else ()
    subs = tuple(SUB_LABELS[category].items()) if own_subs else ()
    return Asked(sheet, typed, modules, subs, module, sub)


def answers_from(asked: Asked, *, pictures: int | None = None, partly: bool = False) -> Answers:
    """What goes along with the ticket."""
    return Answers(given_in(asked.sheet, asked.typed), partly=partly, pictures=pictures)


# ── on a ticket ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Shown:
    """What a ticket's page shows of its forms; ``asked`` is there when they may be filled in now."""

    filled: tuple[Filled, ...]
    asked: Asked | None = None
    problem: str = ""


def read_only(ticket: Ticket) -> Shown:
    """What was answered, where nothing can be filled in."""
    return Shown(tuple(filled_of(db(), ticket)))


def given_on(ticket: Ticket, typed: Mapping[str, str]) -> dict[str, str]:
    """key → text of what was typed into the form of this ticket."""
    return given_in(sheet_of(db(), ticket), typed)


def information_of(ticket: Ticket, *, typed: Mapping[str, str] | None = None, problem: str = "") -> Shown:
    """The forms of a ticket, and what was typed into the one that is being filled in."""
    filled = filled_of(db(), ticket)
    current = next((row for row in filled if not row.former), None)
    if current is None or not may_inform(me(), ticket):
        return Shown(tuple(filled))
    held = {name_of(current.sheet, line.field): line.value for line in current.lines}
    return Shown(tuple(filled), Asked(current.sheet, {**held, **(typed or {})}), problem)
