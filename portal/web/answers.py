"""Answers to what somebody is typing: searched, proposed, and kept with their consultation.

No view and no rule lives here; what is shown is the finder's business, how it ended ``finder.suggest``'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from portal.finder import suggest as consultations
from portal.finder.find import Found, Prediction
from portal.web.request import db, me, parts

SHORTEST = 2  # fewer characters say nothing yet
SHOWN = 6
ASK = "ask"
PLACES = frozenset({ASK, "home"})


@dataclass(frozen=True, slots=True)
class Answers:
    """What is shown for a text: nothing yet when it is too short to say anything."""

    text: str
    place: str = ASK
    found: Found | None = None
    guess: Prediction | None = None
    token: str = ""

    @property
    def system(self) -> str:
        return self.guess.system.value if self.guess and self.guess.system else ""

    @property
    def category(self) -> str:
        return self.guess.category.value if self.guess and self.guess.category else ""


def answers_for(
    text: str, system: str | None, category: str | None, *, token: str | None, place: str = ASK
) -> Answers:
    """What may answer this text, and, where a ticket can be filed, what it is probably about."""
    words = text.strip()
    answers = Answers(words, place if place in PLACES else ASK, token=token or "")
    if len(words) < SHORTEST:
        return answers
    finder = parts().finder
    found = finder.suggest(db(), me(), words, system=system or None, category=category or None, limit=SHOWN)
    guess = finder.predict(db(), me(), words) if answers.place == ASK else None
    return replace(answers, found=found, guess=guess)


def remembered(answers: Answers) -> Answers:
    """Keep what was shown with the consultation, and hand its token out."""
    if answers.found is None:
        return answers
    kept = consultations.refresh(
        db(), answers.found, by=me(), text=answers.text, place=answers.place, token=answers.token or None
    )
    return replace(answers, token=kept.token)
