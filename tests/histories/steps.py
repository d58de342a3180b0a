"""What a history is made of: a list of small steps that hypothesis draws, and makes smaller when one fails.

A step names nothing: its numbers are taken modulo what there is when its turn comes, so that every list is a
history on every table of steps. The invariant: the same list does the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hypothesis import strategies as st

SCREENS = 3
MOST_STEPS = 34
FEWEST_STEPS = 14


class Kind(StrEnum):
    OFFERED = "offered"  # a button that is drawn
    ANYTHING = "anything"  # any deed by anybody
    STALE = "stale"  # what the screen showed before somebody else moved it
    OLD_FORM = "old_form"  # the ticket is fresh, the form that is sent is not
    COMMENT = "comment"
    URGE = "urge"
    WATCH = "watch"
    LINK = "link"
    FILE = "file"
    WAIT = "wait"
    SILENCE = "silence"
    FIX = "fix"


class Ending(StrEnum):
    COMMIT = "commit"
    HOLD = "hold"  # commits when the next one wants the same, or the history ends
    DROP = "drop"


# fmt: off
#: How often each comes.
KINDS = (
    [Kind.OFFERED] * 14 + [Kind.ANYTHING] * 4 + [Kind.STALE] * 4 + [Kind.OLD_FORM] * 2
    + [Kind.COMMENT] * 2 + [Kind.URGE] * 2 + [Kind.WATCH] + [Kind.LINK] * 3
    + [Kind.FILE] * 2 + [Kind.WAIT] * 4 + [Kind.SILENCE] + [Kind.FIX]
)
ENDINGS = [Ending.COMMIT] * 6 + [Ending.HOLD] * 3 + [Ending.DROP]
# fmt: on


@dataclass(frozen=True, slots=True)
class Step:
    """One turn: on which screen, with which ticket, what, by whom; ``dice`` chooses the rest."""

    kind: Kind
    ending: Ending
    screen: int
    ticket: int
    who: int
    dice: int


def step_of(number: int) -> Step:
    """The step that a number means: six digits in a mixed base, so that hypothesis draws one integer."""
    number, kind = divmod(number, len(KINDS))
    number, ending = divmod(number, len(ENDINGS))
    number, screen = divmod(number, SCREENS)
    number, ticket = divmod(number, 4)
    dice, who = divmod(number, 101)
    return Step(KINDS[kind], ENDINGS[ending], screen, ticket, who, dice)


COMBINATIONS = len(KINDS) * len(ENDINGS) * SCREENS * 4 * 101 * 997
steps = st.integers(0, COMBINATIONS - 1).map(step_of)
histories = st.lists(steps, min_size=FEWEST_STEPS, max_size=MOST_STEPS)
