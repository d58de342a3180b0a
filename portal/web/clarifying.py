"""The clarifying question as a page asks it: read off a form, put into words, answered by a press of a chip.

When to ask and what a reply changes is ``finder.clarify``'s. A form carries the replies of one conversation
in the field ``replies`` and the chip just pressed in ``reply``; both hold ``about=value``, an empty value is
“don't know”. The invariant: nothing that a browser sends becomes a reply unless it names a known matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from flask_babel import gettext as _

from portal.catalogue.models import System
from portal.finder.clarify import QUESTIONS, Question, Reply, contradicts, narrowed, question
from portal.finder.found import Found
from portal.finder.rivals import NO_CODE, OPTION_LABELS, About, candidate_of
from portal.web.labels import named

#: More than this many questions are an interrogation.
MOST_ASKED = 2
LONGEST = 80
LONGEST_FIELD = 600


@dataclass(frozen=True, slots=True)
class Chip:
    """One reply that may be pressed, or that was given; ``field`` is what the form sends for it."""

    label: str
    field: str
    about: About
    value: str = ""


@dataclass(frozen=True, slots=True)
class Clarity:
    """The question to put, if any, and what was replied so far."""

    question: str = ""
    chips: tuple[Chip, ...] = ()
    skip: str = ""
    given: tuple[Chip, ...] = ()
    carried: str = ""
    """The replies for the hidden field ``replies`` of the form."""
    aside: frozenset[str] = frozenset()
    """Answers that a reply speaks against, as ``kind:id``."""


NOTHING_ASKED = Clarity()


def replies_in(form: Mapping[str, str]) -> tuple[Reply, ...]:
    """What was replied before, and now; of one matter the last word counts."""
    pairs = parse_qsl(form.get("replies", "")[:LONGEST_FIELD], keep_blank_values=True)
    known = {About(about): value[:LONGEST] for about, value in pairs if about in set(About)}
    if (pressed := pressed_in(form)) is not None:
        known[pressed.about] = pressed.value
    taken_back = form.get("reply_back", "")
    return tuple(Reply(about, value) for about, value in known.items() if about != taken_back)


def as_field(replies: Iterable[Reply]) -> str:
    """The replies as the form carries them on."""
    return urlencode([(reply.about.value, reply.value) for reply in replies])


def pressed_in(form: Mapping[str, str]) -> Reply | None:
    """The chip that was pressed just now."""
    pairs = parse_qsl(form.get("reply", "")[:LONGEST_FIELD], keep_blank_values=True)[:1]
    return next((Reply(About(about), value[:LONGEST]) for about, value in pairs if about in set(About)), None)


def words_of(replies: Iterable[Reply], *, between: str = " ") -> str:
    """What the caller replied, as words that belong to what they said."""
    return between.join(label for reply in replies if (label := _said(reply)))


def _said(reply: Reply) -> str:
    facets = (About.SYSTEM, About.MODULE, About.MATTER)
    if reply.about in facets or reply.value in ("", NO_CODE):
        return ""
    return OPTION_LABELS.get(reply.value, reply.value)


def clarified(
    found: Found | None,
    asked: str,
    replies: Sequence[Reply],
    *,
    systems: Iterable[System],
    known: Collection[About] = (),
) -> tuple[Found | None, Clarity]:
    """The answers in the order that the replies ask for, and the next question if one is worth it."""
    if found is None:
        return None, NOTHING_ASKED
    seen = {id(row): candidate_of(row) for row in found.results}
    ordered = narrowed(found.results, replies, of=lambda row: seen[id(row)])
    aside = frozenset(row.key for row in seen.values() if contradicts(row, replies))
    left = [seen[id(row)] for row in ordered if seen[id(row)].key not in aside]
    # Who could not say it once is left in peace.
    asks = len(replies) < MOST_ASKED and all(reply.value for reply in replies)
    due = question(asked, left, replies=replies, known=known, counted=found.counted) if asks else None
    names = _Names.of(systems if due or replies else ())
    clarity = _put(due, names) if due else NOTHING_ASKED
    given = tuple(names.chip(reply.about, reply.value) for reply in replies if reply.value)
    return replace(found, results=tuple(ordered)), replace(
        clarity, given=given, aside=aside, carried=as_field(replies)
    )


def _put(due: Question, names: _Names) -> Clarity:
    chips = tuple(names.chip(due.about, value) for value in due.options)
    words = _(QUESTIONS[due.about])
    if due.about is About.WORD and len(chips) == 2:
        words = _("是“%(one)s”还是“%(other)s”？", one=chips[0].label, other=chips[1].label)
    return Clarity(words, chips, urlencode([(due.about.value, "")]))


@dataclass(frozen=True, slots=True)
class _Names:
    """What the catalogue calls systems and modules."""

    systems: Mapping[str, str]
    modules: Mapping[str, str]

    @classmethod
    def of(cls, systems: Iterable[System]) -> _Names:
        rows = list(systems)
        modules = {module.code: module.name for row in rows for module in row.modules}
        return cls({row.code: named(row) for row in rows}, modules)

    def chip(self, about: About, value: str) -> Chip:
        return Chip(self._name(about, value), urlencode([(about.value, value)]), about, value)

    def _name(self, about: About, value: str) -> str:
        if about is About.SYSTEM:
            return self.systems.get(value, value)
        if about is About.MODULE:
            return self.modules.get(value, value)
        label = OPTION_LABELS.get(value, "")
        return _(label) if label else value
