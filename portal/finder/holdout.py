"""The holdout: a small share of people whose questions are answered by no article while they type.

Without it nobody can tell whether answers prevent tickets or are only shown to those who would have found
the way anyway. Who is held back is decided by a stable hash of experiment, person and fortnight, so that
one person's desk behaves the same for two weeks. What is decided here is what is shown; what came of it is
counted in ``portal.insight``. The invariant: announcements are never held back, agents never are, and
whatever a question is compared by is known before any answer was shown, alike on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.config import Settings
from portal.finder.found import Found, Prediction
from portal.finder.models import UNDECIDED, Arm, Consultation
from portal.people.models import Person
from portal.people.roles import Permission

#: How long one draw holds. Longer rounds give fewer first questions, shorter ones a restless page.
ROUND = timedelta(days=14)
#: A Monday; rounds are counted from here.
BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
#: A question asked on a call for somebody else is never part of it.
ANSWERS_CALLS = Permission.FILE_FOR_OTHERS
_STEPS = 2**53


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a question is answered, and what was known of it before it was."""

    arm: Arm | None = None
    chance: float | None = None
    """How probable this arm was."""
    round: int | None = None
    about: str | None = None
    offered: int = 0
    trusted: bool = False

    @property
    def holds_back(self) -> bool:
        return self.arm == Arm.HELD

    def over(
        self, found: Found, *, system: str | None = None, guess: Prediction | None = None
    ) -> tuple[Terms, Found]:
        """These terms with what was found under them, and what of it is shown.

        The question counts for the system that was chosen, else the one it is probably about, else that of
        the first answer: none of them is known any better to those who are shown the answers.
        """
        guessed = guess.system.value if guess and guess.system else None
        first = found.results[0].system if found.results else None
        told = replace(
            self,
            about=system or guessed or first,
            offered=len(found.results),
            trusted=found.trusted,
        )
        return told, replace(found, results=(), trusted=False, total=0) if self.holds_back else found


#: Everything that is found is shown.
NO_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Holdout:
    """The experiment as it is set up: which share is held back, under which name it is drawn."""

    share: float
    name: str

    def terms_for(self, person: Person, moment: datetime) -> Terms:
        """The arm of this person in these two weeks; no arm where nobody is held back, and for agents."""
        if self.share <= 0 or person.may(ANSWERS_CALLS):
            return NO_TERMS
        number = round_of(moment)
        held = lot(self.name, person.id, number) < self.share
        arm, chance = (Arm.HELD, self.share) if held else (Arm.SHOWN, 1 - self.share)
        return Terms(arm, chance, number)


def round_of(moment: datetime) -> int:
    """The number of the fortnight."""
    return (moment - BEGINNING) // ROUND


def lot(name: str, person: int, number: int) -> float:
    """From 0 to below 1, the same whenever it is drawn; a larger share keeps everybody who was held back."""
    drawn = blake2b(f"{name}\0{person}\0{number}".encode(), digest_size=8).digest()
    return (int.from_bytes(drawn) >> 11) / _STEPS


def terms_of(session: Session, settings: Settings, person: Person, *, token: str | None = None) -> Terms:
    """On which terms this person is answered now; a question that has begun keeps its arm."""
    holdout = Holdout(settings.holdout_share, settings.holdout_name)
    if holdout.share <= 0:
        return NO_TERMS
    return _begun(session, person, token) or holdout.terms_for(person, now(session))


def _begun(session: Session, person: Person, token: str | None) -> Terms | None:
    if not token:
        return None
    row = session.execute(
        select(Consultation.arm, Consultation.chance, Consultation.round).where(
            Consultation.token == token,
            Consultation.person_id == person.id,
            Consultation.outcome.in_(UNDECIDED),
        )
    ).first()
    return Terms(*row) if row is not None else None
