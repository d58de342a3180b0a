"""Made-up desks in which it is known what answers prevent: does the interval of ``effects`` find it?

People differ in how often they ask and how often they file; each fortnight everybody's arm is drawn anew.
Counted are first questions, as on the page. Later questions are made up too, and more of them where answers
helped, so that whoever counted those as well would be misled: ``naive`` does. Nothing here is run by the
desk; tests and ``benchmarks/holdout_coverage.py`` do. The invariant: a seed gives the same desk everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.insight.effects import ArmSums, Effect, effect_of

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Kind:
    """People of one kind: their share, questions a fortnight, and how many of a hundred end in a ticket."""

    share: float
    asks: float
    files: float


@dataclass(frozen=True, slots=True)
class World:
    """A desk: its people, for how many fortnights, the share held back, and what answers prevent."""

    name: str
    people: int = 3_000
    rounds: int = 6
    held: float = 0.05
    kinds: tuple[Kind, ...] = (Kind(0.7, 0.4, 0.6), Kind(0.3, 1.5, 0.5))
    prevents: float = 0.3
    """Of the tickets that would have been filed, the share that answers prevent."""
    alike: float = 0.1
    """How much one person's questions resemble each other: the correlation of any two."""
    invites: float = 1.0
    """How many times as many later questions people ask where they were shown answers."""

    @property
    def truth(self) -> float:
        """Tickets prevented by each first question that is shown answers."""
        asking = [kind.share * (1 - exp(-kind.asks)) for kind in self.kinds]
        filing = sum(weight * kind.files for weight, kind in zip(asking, self.kinds, strict=True))
        return self.prevents * filing / sum(asking)


WORLDS = (
    World("usual"),
    World("no effect at all", prevents=0.0),
    World("a large effect", prevents=0.8),
    World("tickets are rare", kinds=(Kind(0.7, 0.4, 0.05), Kind(0.3, 1.5, 0.03)), prevents=0.5),
    World("nearly all file", kinds=(Kind(1.0, 0.7, 0.97),), prevents=0.1),
    World("few people, one in five held back", people=150, rounds=13, held=0.2),
    World("hardly enough people", people=84, rounds=6, held=0.25, alike=0.3),
    World("few who ask all the time", people=400, rounds=13, held=0.1, alike=0.4,
          kinds=(Kind(0.1, 8.0, 0.3), Kind(0.9, 0.15, 0.7))),
    World("answers invite questions", invites=6.0, held=0.1,
          kinds=(Kind(0.5, 1.0, 0.9), Kind(0.5, 3.0, 0.1))),
    World("half and half", people=600, held=0.5),
    World("one in a hundred held back", people=12_000, rounds=4, held=0.01),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one made-up desk."""

    effect: Effect
    naive: float
    """Held minus shown over every question there was, first or not."""


@dataclass(slots=True)
class Coverage:
    """How often the truth lay within the interval, over the runs that had a number."""

    world: World
    runs: int = 0
    told: int = 0
    covered: int = 0
    naive: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.covered / self.told if self.told else 0.0

    def add(self, trial: Trial) -> None:
        self.runs += 1
        self.naive.append(trial.naive)
        found = trial.effect.prevented
        if found is not None:
            self.told += 1
            self.covered += found.low <= self.world.truth <= found.high
            self.widths.append(found.high - found.low)


def coverage(world: World, *, runs: int, seed: int) -> Coverage:
    """Many desks of the same kind, one after the other."""
    found = Coverage(world)
    for trial in trials(world, runs=runs, seed=seed):
        found.add(trial)
    return found


def trials(world: World, *, runs: int, seed: int) -> Iterator[Trial]:
    for dice in np.random.default_rng(seed).spawn(runs):
        yield run(world, dice)


def run(world: World, dice: np.random.Generator) -> Trial:
    """One desk: everybody's arms, first questions and later ones, and which of them ended in a ticket."""
    shape = (world.people, world.rounds)
    kinds = dice.choice(len(world.kinds), world.people, p=[kind.share for kind in world.kinds])
    asks = np.array([kind.asks for kind in world.kinds])[kinds][:, None]
    files = _own_rates(world, kinds, dice)[:, None]
    held = dice.random(shape) < world.held
    chance = files * np.where(held, 1.0, 1.0 - world.prevents)
    asked = dice.poisson(asks, shape)
    first = asked > 0
    filed = first & (dice.random(shape) < chance)
    later = dice.binomial(np.maximum(asked - 1, 0), 0.5) * np.where(held, 1.0, world.invites)
    more = dice.binomial(later.astype(np.int64), chance)
    sums = [
        _sums(first & arm, filed & arm, 1 / p) for arm, p in ((~held, 1 - world.held), (held, world.held))
    ]
    naive = _naive(first + later, filed + more, held)
    return Trial(effect_of(*sums), naive)


def _own_rates(world: World, kinds: NDArray[np.int64], dice: np.random.Generator) -> Numbers:
    """How often each person files: around what is usual among their kind."""
    usual = np.array([kind.files for kind in world.kinds])[kinds]
    if not world.alike:
        return usual
    weight = 1 / world.alike - 1
    return dice.beta(usual * weight, (1 - usual) * weight)


def _sums(asked: Flags, filed: Flags, weight: float) -> ArmSums:
    """The sums over people, as the database makes them."""
    questions, tickets = asked.sum(axis=1), filed.sum(axis=1)
    here = questions > 0
    n, y = questions[here] * weight, tickets[here] * weight
    return ArmSums(
        int(here.sum()),
        float(n.sum()),
        float(y.sum()),
        float((n * n).sum()),
        float((n * y).sum()),
        float((y * y).sum()),
        int(questions.sum()),
        int(tickets.sum()),
    )


def _naive(asked: NDArray[Any], filed: NDArray[Any], held: Flags) -> float:
    rates = [filed[arm].sum() / max(1.0, asked[arm].sum()) for arm in (held, ~held)]
    return float(rates[0] - rates[1])
