"""The gate before what was learned: nothing worse on the judgements kept apart ever passes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.gate import HONEST, LEAST_APART, Measured, apart, beats, measured

CHANCES = st.floats(0.0, 1.0)
WANTED = 0.8


@st.composite
def contests(draw: st.DrawFn) -> tuple[Measured, Measured]:
    truths = draw(st.lists(st.booleans(), min_size=1, max_size=60))
    chances = [draw(st.lists(CHANCES, min_size=len(truths), max_size=len(truths))) for _ in range(2)]
    shown = [[chance >= 0.5 for chance in each] for each in chances]
    new, old = (measured(each, truths, seen) for each, seen in zip(chances, shown, strict=True))
    return new, old


@settings(max_examples=300, deadline=None)
@given(contests())
def test_nothing_worse_is_promoted(contest: tuple[Measured, Measured]) -> None:
    new, old = contest
    if beats(new, old, wanted=WANTED):
        assert new.pairs >= LEAST_APART
        assert new.log_loss < old.log_loss
        assert new.calibration_error <= max(old.calibration_error, HONEST)
        assert new.precision >= min(old.precision, WANTED)
        assert not beats(old, new, wanted=WANTED)


@settings(max_examples=100, deadline=None)
@given(contests())
def test_what_serves_never_beats_itself(contest: tuple[Measured, Measured]) -> None:
    assert not beats(contest[0], contest[0], wanted=WANTED)


def test_a_better_one_passes_and_a_few_judgements_prove_nothing() -> None:
    truths = [True] * 30 + [False] * 30
    good, poor = [0.9] * 30 + [0.1] * 30, [0.6] * 30 + [0.4] * 30
    shown = [True] * 30 + [False] * 30
    assert beats(measured(good, truths, shown), measured(poor, truths, shown), wanted=WANTED)
    few = slice(25, 35)
    assert not beats(
        measured(good[few], truths[few], shown[few]),
        measured(poor[few], truths[few], shown[few]),
        wanted=WANTED,
    )


def test_precision_may_not_fall_below_what_is_promised() -> None:
    served = Measured(100, 0.5, 0.1, 40, 0.95)
    assert not beats(Measured(100, 0.4, 0.02, 60, 0.75), served, wanted=WANTED)
    assert beats(Measured(100, 0.4, 0.02, 60, 0.85), served, wanted=WANTED)


def test_the_newest_are_kept_apart() -> None:
    taught, kept = apart(list(range(100)))
    assert (taught[-1], list(kept)) == (74, list(range(75, 100)))
