"""One question that tells competing answers apart, or none when nothing is to be gained by asking.

Pure: candidates in, a question out; whose words the chips carry is the page's business. Answers compete
when their probabilities are close. What may be asked about are facets (system, module, whether something
fails or is to be done), closed families of words (telephone or web page, which operating system, which
network), error codes and, last, a word that only one of them has.

**When it is asked.** With the weights p of the competing answers, who asks nothing reads out the best one
and is right with max p. Who asks learns one of the replies a and then reads out the best that fits it: right
with Σ_a max_i p_i·P(a|i), where an answer that fits several replies is spread evenly over them and one that
says nothing about the matter fits all. The difference, times how often a caller can say it at all
(``ANSWERABLE``), is the expected gain of asking; below ``WORTH`` it is not worth the caller's time. Weights
are shares of all that compete; once probabilities are counted on this desk's own judgements, what is missing
to one stands for “none of these”, so that a hopeless list brings no question.

The invariants: the gain is never negative when every answer is covered, it is nothing when all candidates
would reply alike, and the order of the candidates changes neither the question nor the gain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from indexer.characters import fold, fold_keeping_case
from indexer.text import TermKind, terms
from indexer.words import N_
from portal.finder.rivals import FAILING, FAMILIES, NO_CODE, Candidate, codes_in, values_of
from portal.finder.rivals import About as About

#: How often a caller can say it when asked; the order breaks ties.
ANSWERABLE = {
    About.DEVICE: 1.0,
    About.PLATFORM: 1.0,
    About.NETWORK: 1.0,
    About.SYSTEM: 0.95,
    About.MATTER: 0.95,
    About.CODE: 0.9,
    About.MODULE: 0.85,
    About.WORD: 0.7,
}
QUESTIONS = {
    About.SYSTEM: N_("是哪个系统？"),
    About.MODULE: N_("是哪个模块？"),
    About.MATTER: N_("是出了错、用不了，还是想知道怎么办？"),
    About.DEVICE: N_("是在网页上还是手机上？"),
    About.PLATFORM: N_("用的是什么电脑或手机？"),
    About.NETWORK: N_("用的是哪种网络？"),
    About.CODE: N_("报的是哪个代码？"),
    About.WORD: N_("更像是哪一种？"),
}

#: Answers whose probability is at least this share of the best one's compete with it.
CLOSE = 0.35
MOST_COMPETING = 6
MOST_OPTIONS = 4
#: By how much the chance to read out the right answer first must grow.
WORTH = 0.15


@dataclass(frozen=True, slots=True)
class Question:
    """``options`` are values, best supported first; ``OPTION_LABELS`` or a catalogue names them."""

    about: About
    options: tuple[str, ...]
    gain: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What the caller said; no value: they couldn't, or nobody asked them."""

    about: About
    value: str = ""


Values = Mapping[str, frozenset[str]]


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


def competing(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The best answers whose probabilities are close, best first."""
    ranked = sorted(candidates, key=lambda row: (-row.probability, row.key))
    likely = [row for row in ranked if row.probability > 0]
    return tuple(row for row in likely if row.probability >= CLOSE * likely[0].probability)[:MOST_COMPETING]


def gain_of(
    rivals: Sequence[Candidate], values: Values, options: Sequence[str], *, counted: bool = False
) -> float:
    """By how much the chance to read out the right answer grows when this is asked (see above)."""
    whole = sum(row.probability for row in rivals)
    whole = max(1.0, whole) if counted else whole
    if not whole:
        return 0.0
    asked = sum(max(_fitting(row, values, option, options) for row in rivals) for option in options)
    return max(0.0, (asked - max(row.probability for row in rivals)) / whole)


def _fitting(row: Candidate, values: Values, option: str, options: Sequence[str]) -> float:
    """The weight of this answer and of this reply together."""
    own = values.get(row.key) or frozenset(options)
    return row.probability / len(own) if option in own else 0.0


def question(
    asked: str,
    candidates: Iterable[Candidate],
    *,
    replies: Iterable[Reply] = (),
    known: Iterable[About] = (),
    counted: bool = False,
) -> Question | None:
    """The question worth most, or None; what the words or the agent have said already is not asked."""
    rivals = competing(candidates)
    settled = {*known, *(reply.about for reply in replies)}
    if len(rivals) < 2:
        return None
    open_ones = [about for about in ANSWERABLE if about not in settled and not _is_said(asked, about)]
    found = [made for about in open_ones if (made := _about(about, asked, rivals, counted)) is not None]
    worth = [made for made in found if made.gain >= WORTH]
    return max(worth, key=lambda made: made.gain, default=None)


def _is_said(asked: str, about: About) -> bool:
    if about in FAMILIES:
        return any(words.search(asked) for words in FAMILIES[about].values())
    if about is About.MATTER:
        return bool(FAILING.search(asked))
    return about is About.CODE and bool(codes_in(asked))


def _about(about: About, asked: str, rivals: Sequence[Candidate], counted: bool) -> Question | None:
    if about is About.MODULE and len({row.facets.get(About.SYSTEM) for row in rivals}) > 1:
        return None  # modules are asked for within a system
    words = _telling_words(asked, rivals) if about is About.WORD else ()
    values = {row.key: values_of(row, about, options=words) for row in rivals}
    if about is About.CODE and not any(row.codes for row in rivals):
        return None
    options = _options(rivals, values)
    if len(options) < 2:
        return None
    gain = ANSWERABLE[about] * gain_of(rivals, values, options, counted=counted)
    return Question(about, options, round(gain, 6))


def _options(rivals: Sequence[Candidate], values: Values) -> tuple[str, ...]:
    """The replies that carry the most weight; “none of these” is always open beside them."""
    weights: dict[str, float] = {}
    for row in rivals:
        for value in values[row.key]:
            weights[value] = weights.get(value, 0.0) + row.probability / len(values[row.key])
    ranked = sorted(weights, key=lambda value: (value == NO_CODE, -round(weights[value], 9), value))
    return tuple(ranked[:MOST_OPTIONS])


# ── words that only one of them has ──────────────────────────────────────────────────────────────


def _telling_words(asked: str, rivals: Sequence[Candidate]) -> tuple[str, ...]:
    """For each rival the word of its title that none of the others has; none that was said already."""
    if len(rivals) > MOST_OPTIONS:
        return ()
    found = [_telling(asked, row, [other for other in rivals if other.key != row.key]) for row in rivals]
    return tuple(word for word in found if word)


def _telling(asked: str, row: Candidate, others: Sequence[Candidate]) -> str:
    elsewhere = fold("\n".join((asked, *(other.said for other in others))))
    own = fold(row.said)
    fresh = [word for word in dict.fromkeys(_words(row.title)) if fold(word) not in elsewhere]
    return max(fresh, key=lambda word: (own.count(fold(word)) * len(word), len(word), word), default="")


def _words(title: str) -> Iterable[str]:
    """Words as they are written: Chinese ones of the dictionary, whole Latin ones."""
    cased = fold_keeping_case(title)
    for term in terms(title):
        word = cased[term.start : term.end]
        if term.kind is TermKind.WORD and len(word) > 1 and not word.isdecimal():
            yield word


# ── what a reply changes ─────────────────────────────────────────────────────────────────────────

Thing = TypeVar("Thing")


def narrowed(
    things: Iterable[Thing], replies: Iterable[Reply], *, of: Callable[[Thing], Candidate]
) -> list[Thing]:
    """The same things: those that fit what the caller said first, those that contradict it last."""
    given = [reply for reply in replies if reply.value]
    return sorted(things, key=lambda thing: _misfit(of(thing), given)) if given else list(things)


def _misfit(candidate: Candidate, replies: Iterable[Reply]) -> int:
    """0: fits every reply; 1: says nothing about some; 2: contradicts one."""
    worst = 0
    for reply in replies:
        values = values_of(candidate, reply.about, options=(reply.value,))
        if reply.value not in values:
            worst = max(worst, 2 if values else 1)
    return worst


def contradicts(candidate: Candidate, replies: Iterable[Reply]) -> bool:
    """Does the caller's reply speak against this answer?"""
    return _misfit(candidate, [reply for reply in replies if reply.value]) == 2
