"""“Did you mean”: another wording of a question, made of words that documents the asker may see really bear.

It changes no ranking (`spelling.py` does). Invariant: every proposed word was read in the title or the body
of a document inside the asker's mask, and that document is named, so that whoever shows the proposal can
look the word up again in the database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from indexer.asked import stop_words
from indexer.characters import fold_keeping_case
from indexer.document import Query
from indexer.generation import View
from indexer.meanings import Seen, Word, latin_word_for, pair_for
from indexer.spelling import is_latin_word
from indexer.text import Term, TermKind, terms

LONGEST_QUESTION = 60
_MOST_CHANGES = 6

__all__ = ["Meant", "Word", "did_you_mean"]


@dataclass(frozen=True, slots=True)
class Meant:
    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    start: int
    end: int
    text: str
    words: tuple[Word, ...]


def did_you_mean(view: View, query: Query) -> Meant | None:
    """None when every word is known, or nothing better is."""
    asked = fold_keeping_case(query.text[: 2 * LONGEST_QUESTION]).strip()
    if not 2 <= len(asked) <= LONGEST_QUESTION or (query.audience is not None and not query.audience):
        return None
    seen = Seen(view, query)
    found = terms(asked)
    changes = [*_latin_changes(asked, found, seen), *_han_changes(asked, found, seen)]
    text = _with(asked, sorted(changes, key=lambda change: change.start))
    words = tuple(word for change in changes for word in change.words)
    return Meant(text, words) if text != asked else None


def _with(asked: str, changes: Sequence[_Change]) -> str:
    """The question with its changes; Chinese words that were typed as pinyin stand without gaps."""
    parts: list[str] = []
    place = 0
    for change in changes:
        between = asked[place : change.start]
        neighbours = (parts[-1][-1:], change.text[:1]) if parts else ("a",)
        closed = not between.strip() and not any(letter.isascii() for letter in neighbours)
        parts += ["" if closed else between, change.text]
        place = change.end
    return "".join((*parts, asked[place:])).strip()


def _latin_changes(asked: str, found: Sequence[Term], seen: Seen) -> Iterator[_Change]:
    end = 0
    for term in found:
        word = asked[term.start : term.end].lower()
        if not is_latin_word(term.text, term.kind) or term.start < end:
            continue
        end = term.end
        if word not in stop_words() and not seen.knows(term.text):
            meant = latin_word_for(word, term.text, seen)
            if meant is not None:
                yield _Change(term.start, term.end, meant.text, (meant,))


def _han_changes(asked: str, found: Sequence[Term], seen: Seen) -> Iterator[_Change]:
    singles = sorted(term.start for term in found if term.kind is TermKind.SINGLE)
    said = {
        place
        for term in found
        if asked[term.start : term.end] in stop_words()
        for place in range(term.start, term.end)
    }
    for _, group in groupby(enumerate(singles), key=lambda pair: pair[1] - pair[0]):
        places = [place for _, place in group]
        start, end = places[0], places[-1] + 1
        text, words = _run_meant(asked[start:end], {place - start for place in said}, seen)
        if words:
            yield _Change(start, end, text, words)


def _run_meant(run: str, said: set[int], seen: Seen) -> tuple[str, tuple[Word, ...]]:
    """Pair by pair, where characters stand in no pair that anybody has written."""
    words: list[Word] = []
    for _ in range(_MOST_CHANGES):
        known = [seen.knows(run[place : place + 2]) for place in range(len(run) - 1)]
        covered = {place for first, is_known in enumerate(known) if is_known for place in (first, first + 1)}
        place, word = next(_better_pairs(run, known, covered | said, seen), (0, None))
        if word is None:
            break
        words.append(word)
        run = run[:place] + word.text + run[place + 2 :]
    return run, tuple(words)


def _better_pairs(
    run: str, known: Sequence[bool], covered: set[int], seen: Seen
) -> Iterator[tuple[int, Word]]:
    for place, is_known in enumerate(known):
        loose = {offset for offset in (0, 1) if place + offset not in covered}
        if not is_known and loose:
            word = pair_for(run[place : place + 2], loose, seen)
            if word is not None:
                yield place, word
