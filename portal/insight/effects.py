"""What answers really prevent: the difference between those who were shown answers and those held back.

Pure. Each arm is described by sums over its people, because the questions of one person resemble each
other: the spread of a share comes from the people (the linearised variance of a ratio, Cochran 1977, §6;
the same as the cluster-robust variance with the factor m/(m−1)). Its interval is Wilson's with the number
of questions that would be as telling if all of them were independent (Korn and Graubard 1998; for rare
answers and few people the best of those compared by Dean and Pagano 2015), with Student's quantile for few
people. The interval of the difference is made of both arms' (Newcombe 1998, method 10). Where people are
in both arms, at different times, that is a little too wide, never too narrow. The invariant: an arm with
too few people has no number at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.finder.models import Arm
from portal.insight.estimates import Estimate, Z, difference, share

#: People in the smaller arm, counted as if all had asked equally often: with fewer no number is told.
LEAST_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Asker:
    """One person's questions in one arm, each weighed by one over the chance of that arm."""

    asked: float
    filed: float
    questions: int
    tickets: int


@dataclass(frozen=True, slots=True)
class ArmSums:
    """One arm as sums over its people: what SQL returns, and all that the estimate needs."""

    people: int = 0
    asked: float = 0.0
    filed: float = 0.0
    asked_asked: float = 0.0
    asked_filed: float = 0.0
    filed_filed: float = 0.0
    questions: int = 0
    tickets: int = 0

    @classmethod
    def of(cls, people: Iterable[Asker]) -> ArmSums:
        rows = list(people)
        return cls(
            len(rows),
            sum(row.asked for row in rows),
            sum(row.filed for row in rows),
            sum(row.asked**2 for row in rows),
            sum(row.asked * row.filed for row in rows),
            sum(row.filed**2 for row in rows),
            sum(row.questions for row in rows),
            sum(row.tickets for row in rows),
        )

    @property
    def equal_people(self) -> float:
        """As many people who all asked equally often would tell as much (Kish 1965)."""
        return self.asked**2 / self.asked_asked if self.asked_asked else 0.0


class Finding(StrEnum):
    """What the numbers allow to say."""

    NO_EXPERIMENT = "no_experiment"
    NOT_ENOUGH = "not_enough"
    FEWER = "fewer"
    MORE = "more"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Effect:
    """Tickets prevented by each question that was shown answers; None while there is not enough data."""

    shown: ArmSums
    held: ArmSums
    filed_when_shown: Estimate | None = None
    filed_when_held: Estimate | None = None
    prevented: Estimate | None = None

    @property
    def least(self) -> int:
        """People in the smaller arm, as they count."""
        return int(min(self.shown.equal_people, self.held.equal_people))

    @property
    def finding(self) -> Finding:
        if not self.held.people:
            return Finding.NO_EXPERIMENT
        if self.prevented is None:
            return Finding.NOT_ENOUGH
        if self.prevented.low > 0:
            return Finding.FEWER
        return Finding.MORE if self.prevented.high < 0 else Finding.UNCLEAR


def effect_of(shown: ArmSums, held: ArmSums) -> Effect:
    """The difference with its 95 % interval, by the arm that was drawn, whatever came of it."""
    if min(shown.equal_people, held.equal_people) < LEAST_PEOPLE:
        return Effect(shown, held)
    ours, theirs = filed_share(shown), filed_share(held)
    return Effect(shown, held, ours, theirs, difference(theirs, ours))


def effect_of_sums(sums: Mapping[str, ArmSums]) -> Effect:
    return effect_of(sums.get(Arm.SHOWN, ArmSums()), sums.get(Arm.HELD, ArmSums()))


def filed_share(arm: ArmSums) -> Estimate:
    """The share of questions that ended in a ticket; at least two people are needed."""
    found = share(min(1.0, arm.filed / arm.asked), telling_questions(arm))
    return Estimate(found.value, found.low, found.high, arm.questions)


def telling_questions(arm: ArmSums) -> float:
    """How many independent questions would tell as much as these, with Student's penalty for few people."""
    telling = min(_telling(arm), float(arm.questions))
    return telling * (Z / student(arm.equal_people - 1)) ** 2


def _telling(arm: ArmSums) -> float:
    # Where everybody did the same there is no spread to see: then only people count.
    if arm.tickets in (0, arm.questions):
        return arm.equal_people
    p = arm.filed / arm.asked
    spread = _spread(arm, p)
    return p * (1 - p) / spread if spread > 0 else float(arm.questions)


def _spread(arm: ArmSums, p: float) -> float:
    """Variance of the ratio: squared departures of people from what their questions suggest."""
    squares = arm.filed_filed - 2 * p * arm.asked_filed + p * p * arm.asked_asked
    return arm.people / (arm.people - 1) * max(0.0, squares) / arm.asked**2


def student(freedom: float) -> float:
    """The 97.5 % quantile of Student's t (the expansion of Cornish and Fisher; exact to .01 from 5 on)."""
    v = max(freedom, 3.0)
    z3, z5, z7 = Z**3, Z**5, Z**7
    return (
        Z
        + (z3 + Z) / (4 * v)
        + (5 * z5 + 16 * z3 + 3 * Z) / (96 * v**2)
        + (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / (384 * v**3)
    )
