"""Completing what somebody types: titles of what they may open, their own former questions, systems.

The index proposes and is not believed: each row is read again under the viewer's rule, and it counts only
if its *own* words, as they are now, hold what was typed. The index also knows a record by the words of
other people's tickets, and letter by letter those could be drawn out. That is the invariant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.document import Key, Query
from indexer.index import Index
from indexer.letters import LONGEST_TYPED, Spelled, Typed, by_sound, typed
from indexer.marking import marked
from portal.catalogue.models import System
from portal.finder.found import Segment, Subject
from portal.finder.models import Consultation
from portal.finder.numbers import by_number
from portal.finder.shelves import FAULT, facets_of, offered
from portal.finder.sources import ANNOUNCEMENT, ARTICLE, DEFECT, TICKET, ticket_tokens
from portal.finder.wording import cleaned
from portal.people.models import Person
from portal.people.queries import viewer_of

SYSTEM = "system"
QUESTION = "question"
ANSWERS = frozenset({ARTICLE, DEFECT, ANNOUNCEMENT})
TICKETS = frozenset({TICKET})
MOST_TICKETS = 3
MOST_SYSTEMS = 2
MOST_QUESTIONS = 2
#: Where a person asks for themselves; what an agent hears on a call is a caller's.
OWN_PLACES = ("ask", "home")
LONGEST_QUESTION = 40
QUESTIONS_READ = 40


@dataclass(frozen=True, slots=True)
class Completion:
    """One line under the field: something to open, a system to look into, a question to ask again."""

    kind: str
    id: int
    ref: str
    title: str
    _: KW_ONLY
    marked: tuple[Segment, ...]
    via: tuple[Segment, ...] = ()
    """The other way of asking that holds what was typed, where the title doesn't."""
    system: str | None = None
    subject: Subject | None = None


#: Kind → title, other wordings and codes of a row, in the words that its readers may see.
OWN_WORDS: Mapping[str, Callable[[Any], tuple[str, Sequence[str], Sequence[str]]]] = {
    ARTICLE: lambda row: (row.title, row.also, (row.number, *row.keywords)),
    DEFECT: lambda row: (row.title, row.symptoms, (row.number, *row.codes)),
    TICKET: lambda row: (row.title, (), (row.number,)),
    ANNOUNCEMENT: lambda row: (row.title, (), ()),
}


def audience_of(person: Person) -> frozenset[str]:
    """The tokens that this person's questions carry to the index."""
    return viewer_of(person).tokens | ticket_tokens(person)


def complete(
    session: Session, person: Person, index: Index, text: str, *, limit: int = 8
) -> tuple[Completion, ...]:
    """What this person may be about to type: exact numbers, answers, their tickets, questions, systems."""
    text = cleaned(text, limit=LONGEST_TYPED)
    asked = typed(text)
    if not person.active or not asked.parts:
        return ()
    exact = by_number(session, person, text, kinds=(*OWN_WORDS, FAULT))
    numbered = [_completion(kind, row, asked) for (kind, _), row in exact.items()]
    titled = list(_titled(session, person, index, text, limit=limit, known=exact))
    known = {row.title for row in (*numbered, *titled)}
    questions = [row for row in _questions(session, person, asked) if row.title not in known]
    beside = [*questions, *_systems(session, person, asked)]
    room = max(0, limit - len(numbered) - len(beside[: limit // 3]))
    return tuple([*numbered, *titled[:room], *beside][:limit])


def _titled(
    session: Session, person: Person, index: Index, text: str, *, limit: int, known: Iterable[Key]
) -> Iterator[Completion]:
    tokens = audience_of(person)
    answers = index.completions(Query(text, audience=tokens, kinds=ANSWERS, limit=2 * limit))
    tickets = index.completions(Query(text, audience=tokens, kinds=TICKETS, limit=2 * MOST_TICKETS))
    rows = offered(session, person, [key for key in (*answers, *tickets) if key not in set(known)])
    for asked in (typed(text), by_sound(text)):
        fitting = [key for key in (*answers, *tickets) if key in rows and fits(key[0], rows[key], asked)]
        # What is only heard alike counts where nothing is written so.
        if fitting:
            yield from _lines(fitting, rows, asked)
            return


def _lines(keys: Iterable[Key], rows: Mapping[Key, Subject], asked: Typed) -> Iterator[Completion]:
    """Each title once, and few tickets: there are many of them and they are alike."""
    shown: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for key in keys:
        kind, row = key[0], rows[key]
        if (kind, row.title) not in seen and (kind != TICKET or shown[TICKET] < MOST_TICKETS):
            seen.add((kind, row.title))
            shown[kind] += 1
            yield _completion(kind, row, asked)


def fits(kind: str, row: Subject, asked: Typed) -> bool:
    """Do the row's own words, as the database has them now, hold what was typed?"""
    return asked.fits(Spelled.of(*OWN_WORDS[kind](row)))


def _completion(kind: str, row: Subject, asked: Typed) -> Completion:
    return Completion(
        kind,
        row.id,
        str(getattr(row, "number", row.id)),
        row.title,
        marked=marked(row.title, asked),
        via=_via(kind, row, asked),
        system=next(iter(facets_of(kind, row).get("system", ())), None),
        subject=row,
    )


def _via(kind: str, row: Subject, asked: Typed) -> tuple[Segment, ...]:
    title, also, codes = OWN_WORDS[kind](row) if kind in OWN_WORDS else (row.title, (), ())
    if asked.fits(Spelled.of(title, (), codes)):
        return ()
    return next((marked(line, asked) for line in also if asked.fits(Spelled.of(title, (line,), codes))), ())


def _questions(session: Session, person: Person, asked: Typed) -> Iterator[Completion]:
    """What this person asked before, the latest first."""
    texts = session.scalars(
        select(Consultation.text)
        .where(Consultation.person_id == person.id, Consultation.place.in_(OWN_PLACES))
        .order_by(Consultation.at.desc(), Consultation.id.desc())
        .limit(QUESTIONS_READ)
    )
    short = [text for text in dict.fromkeys(texts) if len(text) <= LONGEST_QUESTION and text != asked.text]
    fitting = [text for text in short if asked.fits(Spelled.of(text))]
    for text in fitting[:MOST_QUESTIONS]:
        yield Completion(QUESTION, 0, "", text, marked=marked(text, asked))


def _systems(session: Session, person: Person, asked: Typed) -> Iterator[Completion]:
    """Systems in use, by either name or their code; called as this reader calls them."""
    english = person.locale.startswith("en")
    rows = session.execute(
        select(System.id, System.code, System.name, System.name_en).where(System.active).order_by(System.id)
    )
    fitting = [row for row in rows if asked.fits(_spelled_system(row.name, row.name_en, row.code))]
    for row in fitting[:MOST_SYSTEMS]:
        name = row.name_en if english and row.name_en else row.name
        yield Completion(SYSTEM, row.id, row.code, name, marked=marked(name, asked), system=row.code)


@lru_cache(maxsize=2_048)
def _spelled_system(name: str, name_en: str, code: str) -> Spelled:
    return Spelled.of(name, (name_en,), (code,))
