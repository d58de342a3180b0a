"""How improbable is such a count? Tails of two exact tests, and how many false alarms a week may cost. Pure.

*Against earlier weeks*: counts of one series at one hour of the week are taken as negative binomial with one
size ``k`` (a Poisson count whose rate differs from week to week); given the sum of all, the latest is then
beta-binomial, whatever the rate (Johnson, Kotz, Kemp, Univariate Discrete Distributions, 6.2.2). *Against the
system*: of what a system was told in an hour, the share of one group is compared with its share before; given
the totals that is hypergeometric (Fisher's exact test). Both are exact and need no estimate of the rate, so
that the chances of all tests of a week add up: while the chances that alarms need sum up to ``BUDGET`` over
the tests of a week (``judging.part_of``), no more than ``BUDGET`` false alarms a week are to be expected,
however the series hang together. The invariant: nothing here is fitted to the count that is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, inf, lgamma, log
from statistics import fmean, variance

#: At most so many false alarms a week are to be expected over all series together.
BUDGET = 1.0
#: Every quarter of an hour the last hour is judged.
LOOKS_A_WEEK = 7 * 24 * 4
#: Fewer than this, or less than so many times what is usual, is not worth anybody's time, however improbable.
LEAST = 5
TIMES = 1.8
#: Weeks always differ a little; taken together with what is measured, weighing as much as so many counts.
USUAL_SPREAD = 0.04
SPREAD_WEIGHT = 400.0
#: What was measured is itself uncertain: this much more is allowed for.
CAUTION = 1.25


def spread(histories: Iterable[Sequence[int]]) -> float:
    """How much more than chance counts differ from week to week (1/k), over all series together."""
    above, squares = USUAL_SPREAD * SPREAD_WEIGHT, SPREAD_WEIGHT
    for counts in histories:
        if len(counts) > 1 and any(counts):
            mean = fmean(counts)
            scatter = variance(counts)
            above += scatter - mean
            squares += max(0.0, mean**2 - scatter / len(counts))
    return CAUTION * max(USUAL_SPREAD / 4, above / squares)


def worth_a_look(count: int, usual: float) -> bool:
    """Is it many enough to matter, whatever its chance?"""
    return count >= LEAST and count >= TIMES * usual


def chance_against_weeks(count: int, before: Sequence[int], *, differing: float) -> float:
    """The chance of so many or more, when ``before`` were the counts of like hours; ``differing`` is 1/k."""
    if count <= 0:
        return 1.0
    if not before:
        return 1.0
    size = 1.0 / differing if differing > 0 else inf
    total = count + sum(before)
    if size == inf:
        return _binomial_tail(count, total, 1.0 / (len(before) + 1))
    return _beta_binomial_tail(count, total, size, size * len(before))


def chance_against_system(count: int, of_group: int, in_hour: int, of_system: int) -> float:
    """The chance that of ``of_group`` tickets among ``of_system`` so many or more fall into an hour with
    ``in_hour``; all four count the hour itself, too."""
    most = min(of_group, in_hour)
    if count <= max(0, of_group + in_hour - of_system) or count > most:
        return 1.0 if count <= most else 0.0
    first = (
        _choose(of_group, count)
        + _choose(of_system - of_group, in_hour - count)
        - _choose(of_system, in_hour)
    )
    return _summed(
        first,
        (
            log(of_group - k) + log(in_hour - k) - log(k + 1) - log(of_system - of_group - in_hour + k + 1)
            for k in range(count, most)
        ),
    )


def _binomial_tail(count: int, total: int, share: float) -> float:
    first = _choose(total, count) + count * log(share) + (total - count) * log(1 - share)
    odds = log(share) - log(1 - share)
    return _summed(first, (log(total - k) - log(k + 1) + odds for k in range(count, total)))


def _beta_binomial_tail(count: int, total: int, one: float, other: float) -> float:
    first = _choose(total, count) + _beta(count + one, total - count + other) - _beta(one, other)
    steps = (
        log(total - k) - log(k + 1) + log(k + one) - log(total - k - 1 + other) for k in range(count, total)
    )
    return _summed(first, steps)


def _summed(first: float, steps: Iterable[float]) -> float:
    """The sum of chances of which the first and the ratio to the next are given as logarithms."""
    term = chance = exp(first)
    for step in steps:
        term *= exp(step)
        chance += term
        if term < 1e-12 * chance and step < 0:
            break
    return min(1.0, chance)


def _choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _beta(one: float, other: float) -> float:
    return lgamma(one) + lgamma(other) - lgamma(one + other)
