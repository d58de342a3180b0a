"""The form of a call: what was sent, what the agent chose by hand, and what is proposed for the rest.

Nothing is searched here. The invariant: what a person chose is never replaced by a proposal, and only
values that the catalogue knows come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask_babel import gettext as _

from portal.catalogue.models import System
from portal.finder.clarify import About, Reply
from portal.finder.found import Prediction
from portal.tickets import calls
from portal.tickets.words import SUB_LABELS, Category
from portal.web.clarifying import pressed_in, replies_in, words_of
from portal.web.information import typed_in
from portal.web.request import me

CHIPS = ("system", "module", "category", "sub")
#: Questions whose reply is a field of the ticket as well.
FACETS = frozenset({About.SYSTEM, About.MODULE})


@dataclass(frozen=True, slots=True)
class Heard:
    """One call as it was sent: who calls, what was said, what the agent chose."""

    caller: int | None = None
    notes: str = ""
    system: str = ""
    module: str = ""
    category: str = ""
    sub: str = ""
    impact: int = 3
    urgency: int = 2
    ending: str = ""
    note: str = ""
    token: str = ""
    reading: str = ""
    chosen: frozenset[str] = frozenset()
    typed: Mapping[str, str] = field(default_factory=dict)  # into fields of information forms
    sheet: str = ""  # the information form on the screen
    replies: tuple[Reply, ...] = ()  # to clarifying questions

    @property
    def words(self) -> str:
        return self.notes.strip()

    @property
    def told(self) -> str:
        """The notes with what the caller replied to our questions: what the ticket is filed with."""
        replied = words_of(self.replies, between=_("、"))
        if not replied or not self.words:
            return self.notes
        cleared_up = _("来电时问清：%(words)s", words=replied)
        return f"{self.words}\n{cleared_up}"


def heard(form: Mapping[str, str], *, by_hand: bool) -> Heard:
    """Read the form; ``by_hand``: without JavaScript everything that is filled in was chosen by a person."""
    texts = {name: form.get(name, "") for name in (*CHIPS, "notes", "ending", "note", "token", "reading")}
    chosen = frozenset(form.get("chosen", "").split(",")) & {*CHIPS, "ending"}
    if by_hand:
        chosen |= {name for name in CHIPS if texts[name]}
    replied = pressed_in(form)
    if replied is not None and replied.about in FACETS and replied.value:
        texts[replied.about.value] = replied.value
        chosen |= {replied.about.value}
    return Heard(
        caller=number_in(form.get("caller", "")),
        impact=number_in(form.get("impact", "")) or 3,
        urgency=number_in(form.get("urgency", "")) or 2,
        chosen=chosen,
        typed=typed_in(form),
        sheet=form.get("sheet", ""),
        replies=tuple(row for row in replies_in(form) if _still_stands(row, texts)),
        **texts,
    )


def _still_stands(reply: Reply, texts: Mapping[str, str]) -> bool:
    """A reply that names the system is no reply any more once the agent chose another one."""
    return reply.about not in FACETS or not reply.value or reply.value == texts[reply.about.value]


def number_in(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def resolved(call: Heard, guess: Prediction | None, systems: list[System]) -> Heard:
    """What the agent chose stays; the rest follows the words, or is emptied when they say nothing."""
    proposals = _proposals(guess)
    values = {name: getattr(call, name) if name in call.chosen else proposals.get(name, "") for name in CHIPS}
    modules = {row.code: {module.code for module in row.modules} for row in systems}
    if values["system"] not in modules:
        values["system"] = ""
    if values["module"] not in modules.get(values["system"], ()):
        values["module"] = ""
    if values["category"] not in set(Category):
        values["category"] = ""
    if not values["category"] or values["sub"] not in SUB_LABELS[Category(values["category"])]:
        values["sub"] = ""
    return replace(
        call,
        system=values["system"],
        module=values["module"],
        category=values["category"],
        sub=values["sub"],
        ending=_ending(call, values["category"]),
    )


def _proposals(guess: Prediction | None) -> dict[str, str]:
    if guess is None:
        return {}
    known = {"system": guess.system, "module": guess.module, "category": guess.category}
    return {name: value.value for name, value in known.items() if value is not None}


def _ending(call: Heard, category: str) -> str:
    if "ending" in call.chosen and call.ending in calls.endings_for(me()):
        return call.ending
    return calls.usual_ending(Category(category) if category else Category.CONSULTATION, by=me())
