"""Answers to what somebody is typing: searched, proposed, and kept with their consultation.

No view and no rule lives here; what is shown is the finder's business, how it ended ``finder.suggest``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from portal.catalogue.models import System
from portal.catalogue.queries import systems_in_order
from portal.finder import suggest as consultations
from portal.finder.clarify import About, Reply
from portal.finder.found import Found, Prediction, Result
from portal.finder.grounds import NO_GROUNDS, Grounds, grounds_of
from portal.finder.holdout import NO_TERMS, Terms, terms_of
from portal.finder.prediction import named_systems
from portal.web.clarifying import NOTHING_ASKED, Clarity, clarified
from portal.web.request import db, me, parts

SHORTEST = 2  # fewer characters say nothing yet
SHOWN = 6
#: So many near things are offered softly where nothing is an answer, and beside an answer.
PERHAPS = 4
PERHAPS_BESIDE = 2
ASK = "ask"
PLACES = frozenset({ASK, "home"})


@dataclass(frozen=True, slots=True)
class Answers:
    """What is shown for a text: nothing yet when it is too short to say anything."""

    text: str
    place: str = ASK
    found: Found | None = None
    guess: Prediction | None = None
    grounds: Grounds = NO_GROUNDS
    token: str = ""
    terms: Terms = NO_TERMS
    clarity: Clarity = NOTHING_ASKED
    """The question that tells competing answers apart, and what was replied to it."""

    @property
    def held(self) -> bool:
        """Answers are held back from this person for a while; then nothing is said of them at all."""
        return self.terms.holds_back

    @property
    def system(self) -> str:
        replied = next((chip.value for chip in self.clarity.given if chip.about is About.SYSTEM), "")
        return replied or self.guessed_system

    @property
    def guessed_system(self) -> str:
        return self.guess.system.value if self.guess and self.guess.system else ""

    @property
    def category(self) -> str:
        return self.guess.category.value if self.guess and self.guess.category else ""

    @property
    def likely(self) -> tuple[Result, ...]:
        """What deserves to be called an answer."""
        return tuple(row for row in self.found.results if row.trusted) if self.found else ()

    @property
    def perhaps(self) -> tuple[Result, ...]:
        """What is merely near; fewer where there is an answer already."""
        near = tuple(row for row in self.found.results if not row.trusted) if self.found else ()
        return near[: PERHAPS_BESIDE if self.likely else PERHAPS]


def answers_for(
    text: str,
    system: str | None,
    category: str | None,
    *,
    token: str | None,
    place: str = ASK,
    replies: Sequence[Reply] = (),
) -> Answers:
    """What may answer this text, and, where a ticket can be filed, what it is probably about.

    Replies order the answers and search for no others: what a question counts for in the experiment must
    not depend on having been asked back.
    """
    answers = unanswered(text, token=token, place=place)
    words, terms = answers.text, answers.terms
    if len(words) < SHORTEST:
        return answers
    finder = parts().finder
    found = finder.suggest(db(), me(), words, system=system or None, category=category or None, limit=SHOWN)
    guess = finder.predict(db(), me(), words) if answers.place == ASK else None
    grounds = grounds_of(db(), words, guess) if guess else NO_GROUNDS
    terms, shown = terms.over(found, system=system, guess=guess)
    standing = [row for row in replies if _still_stands(row, system)]
    known = _settled(words, system) if len(shown.results) > 1 else ()
    ordered, clarity = clarified(shown, words, standing, systems=_systems(), known=known)
    return replace(answers, found=ordered, guess=guess, grounds=grounds, terms=terms, clarity=clarity)


def _still_stands(reply: Reply, system: str | None) -> bool:
    """A reply that names the system is none any more once another one was chosen."""
    return reply.about is not About.SYSTEM or not reply.value or not system or reply.value == system


def _settled(words: str, system: str | None) -> frozenset[About]:
    """What needs no asking: they chose it, or have named it."""
    return frozenset({About.SYSTEM} if system or named_systems(db(), words) else ())


def _systems() -> Iterator[System]:
    """Read only where a question or a reply has to be named."""
    yield from systems_in_order(db())


def unanswered(text: str, *, token: str | None = None, place: str = ASK) -> Answers:
    """The page before anything was searched, on the terms on which it will be answered."""
    terms = terms_of(db(), parts().settings, me(), token=token)
    return Answers(text.strip(), place if place in PLACES else ASK, token=token or "", terms=terms)


def remembered(answers: Answers) -> Answers:
    """Keep what was shown with the consultation, and hand its token out."""
    if answers.found is None:
        return answers
    kept = consultations.refresh(
        db(),
        answers.found,
        by=me(),
        text=answers.text,
        place=answers.place,
        token=answers.token or None,
        terms=answers.terms,
    )
    return replace(answers, token=kept.token)
