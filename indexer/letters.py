"""Titles taken apart for typing: pairs of characters, Chinese sounds, and what somebody typed so far.

Every piece becomes a token of plain ASCII made here, so that nothing a person types can ever be read as
grammar. Neighbours are kept in pairs and threes, because single letters stand in every title. Where titles
are kept is `titles.py`. Invariant: `Typed.fits` says of given lines exactly what the full-text query of the
same `Typed` says of them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from indexer.characters import fold
from indexer.syllables import readings, syllables_of
from indexer.text import han_runs

LONGEST_LINE = 200
LONGEST_TYPED = 64
MOST_LINES = 12
LONGEST_PINYIN = 40
_MOST_PARTS = 6
_INFIX = 3
"""Fewer Latin letters are looked for at the start of words only: "ou" stands in too many of them."""
_LONGEST_EDGE = 16
_LONGEST_START = 24
# First letters of tokens, one for each sort. Characters begin with x, syllables with their own letter.
_EDGE, _INSIDE, _START, _START_SOUND, _START_INITIAL = "0", "1", "2", "3", "4"
_BREAK = "99"
"""No phrase reaches over it."""
_OF_TITLE = frozenset({"title", "sound", "initial", "start"})
_PIECES = re.compile(r"[a-z0-9]+(?:[-_./:+#&]+[a-z0-9]+)*|[^\W_a-z0-9]+")
_LATIN = re.compile(r"[a-z0-9]")
_RUN_STARTS = re.compile(r"(?<=[a-z])[0-9]|(?<=[a-z]0)[1-9]|(?<=[a-z]00)[1-9]|(?<=[0-9])[a-z]")


def _pieces(text: str) -> Iterator[str]:
    """Latin words and codes without their joints, and runs of other writing."""
    for match in _PIECES.finditer(fold(text)):
        piece = match.group()
        yield re.sub(r"[^a-z0-9]", "", piece) if _LATIN.match(piece) else piece


def _hex(run: str) -> str:
    return "".join(character if _LATIN.match(character) else f"x{ord(character):x}" for character in run)


def _grams(piece: str, length: int, mark: str = "") -> str:
    ends = range(length, len(piece) + 1)
    return " ".join(mark + _hex(piece[end - length : end]) for end in ends)


def _edges(word: str, longest: int) -> Iterator[str]:
    """The beginnings of a word, and of the digits and letters inside a code."""
    for start in (0, *(match.start() for match in _RUN_STARTS.finditer(word))):
        for end in range(start + 1, min(len(word), start + longest) + 1):
            yield _EDGE + word[start:end]


def _together(lines: Iterable[str]) -> str:
    return f" {_BREAK} ".join(dict.fromkeys(line for line in lines if line))


def _runs(line: str) -> tuple[list[str], list[str]]:
    """Latin words, and what is between them: punctuation does not part Chinese characters."""
    words: list[str] = []
    runs = [""]
    for piece in _pieces(line[:LONGEST_LINE]):
        if _LATIN.match(piece):
            words.append(piece)
            runs.append("")
        else:
            runs[-1] += piece
    return words, [run for run in runs if run]


def _written(line: str) -> str:
    words, runs = _runs(line)
    edges = dict.fromkeys(edge for word in words for edge in _edges(word, _INFIX - 1))
    singles = dict.fromkeys(_hex(character) for run in runs for character in run)
    inside = (_grams(word, _INFIX, _INSIDE) for word in words)
    return _together((*(_grams(run, 2) for run in runs), *inside, " ".join((*singles, *edges))))


def _coded(line: str) -> str:
    words, runs = _runs(line)
    edges = dict.fromkeys(edge for word in words for edge in _edges(word, _LONGEST_EDGE))
    singles = dict.fromkeys(_hex(character) for run in runs for character in run)
    return _together((*(_grams(run, 2) for run in runs), " ".join((*singles, *edges))))


def _read(line: str) -> list[tuple[str, ...]]:
    return [syllables_of(run) for run in han_runs(line[:LONGEST_LINE])]


def _joined(syllables: Sequence[str]) -> str:
    return " ".join(f"{first}0{second}" for first, second in pairwise(syllables))


def _sounded(line: str) -> str:
    read = _read(line)
    singles = dict.fromkeys(syllable for syllables in read for syllable in syllables)
    return _together((*map(_joined, read), " ".join(singles)))


def _initials(line: str) -> str:
    return _together(_grams("".join(syllable[0] for syllable in syllables), 2) for syllables in _read(line))


def _opening(title: str) -> str:
    """The beginnings of the whole title, as it is written and as its Chinese is read."""
    written = "".join(_pieces(title[:LONGEST_LINE]))
    read = next(iter(_read(title)), ())
    sound, initial = "".join(read), "".join(syllable[0] for syllable in read)
    sorts = ((_START, written), (_START_SOUND, sound), (_START_INITIAL, initial))
    return " ".join(
        mark + _hex(text[:end])
        for mark, text in sorts
        for end in range(1, min(len(text), _LONGEST_START) + 1)
    )


@dataclass(frozen=True, slots=True)
class Spelled:
    """The lines of one document as tokens, column by column."""

    title: str
    also: str
    code: str
    sound: str
    """Of the title, like `initial`; the other ways of asking are in `also_sound` and `also_initial`."""
    initial: str
    also_sound: str
    also_initial: str
    start: str

    @classmethod
    def of(cls, title: str, also: Sequence[str] = (), codes: Sequence[str] = ()) -> "Spelled":
        others = also[:MOST_LINES]
        return cls(
            _written(title),
            _together(map(_written, others)),
            _together(map(_coded, codes[:MOST_LINES])),
            _sounded(title),
            _initials(title),
            _together(map(_sounded, others)),
            _together(map(_initials, others)),
            _opening(title),
        )


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that follow each other in one of the columns."""

    columns: tuple[str, ...]
    tokens: str
    open_end: bool = False
    """The last token may be the beginning of one: a syllable that is still being typed."""

    def query(self) -> str:
        star = " *" if self.open_end else ""
        return f'{{{" ".join(self.columns)}}} : "{self.tokens}"{star}'

    def fits(self, held: Spelled) -> bool:
        end = "" if self.open_end else " "
        return any(f" {self.tokens}{end}" in f" {getattr(held, column)} " for column in self.columns)


@dataclass(frozen=True, slots=True)
class Part:
    """One word as it was typed: any of its phrases will do."""

    piece: str
    phrases: tuple[Phrase, ...]

    def titled(self) -> "Part":
        """The same, looked for in the title alone."""
        kept = ((phrase, tuple(filter(_OF_TITLE.__contains__, phrase.columns))) for phrase in self.phrases)
        return replace(self, phrases=tuple(replace(phrase, columns=own) for phrase, own in kept if own))

    def query(self) -> str:
        return "(" + " OR ".join(phrase.query() for phrase in self.phrases) + ")"


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody has typed so far: every part has to be found."""

    text: str
    parts: tuple[Part, ...]

    def query(self) -> str:
        return " AND ".join(part.query() for part in self.parts)

    def titled_query(self) -> str:
        """The same, all of it in the title."""
        return " AND ".join(part.titled().query() for part in self.parts)

    def starting_query(self) -> str:
        """Titles that begin with the first part."""
        piece = self.parts[0].piece[:_LONGEST_START]
        starts = [_START + _hex(piece)]
        if piece.isascii() and piece.isalpha():
            starts += [_START_SOUND + "".join(reading) for reading in readings(piece)]
            starts.append(_START_INITIAL + piece)
        return " OR ".join(Phrase(("start",), start).query() for start in starts)

    def fits(self, held: Spelled) -> bool:
        return bool(self.parts) and all(
            any(phrase.fits(held) for phrase in part.phrases) for part in self.parts
        )


def typed(text: str) -> Typed:
    """Read as words and letters; never as a language of queries."""
    return Typed(text, tuple(Part(piece, tuple(_phrases(piece))) for piece in _typed_pieces(text)))


def by_sound(text: str) -> Typed:
    """The same with Chinese characters taken for their sounds: 登陆 finds 登录."""
    pieces = _typed_pieces(text)
    return Typed(text, tuple(Part(piece, tuple(_heard(piece) or _phrases(piece))) for piece in pieces))


def _typed_pieces(text: str) -> list[str]:
    return list(dict.fromkeys(_pieces(text[:LONGEST_TYPED])))[:_MOST_PARTS]


def heard_as(reading: tuple[str, ...], *, open_end: bool = False) -> Phrase:
    """Chinese that is read so."""
    tokens = _joined(reading) if len(reading) > 1 else reading[0]
    return Phrase(("sound", "also_sound"), tokens, open_end)


def _heard(piece: str) -> list[Phrase]:
    runs = han_runs(piece)
    if len(runs) != 1 or len(runs[0]) != len(piece) or len(piece) < 2:
        return []
    return [heard_as(syllables_of(piece))]


def _phrases(piece: str) -> Iterator[Phrase]:
    if not _LATIN.match(piece):
        tokens = _grams(piece, 2) if len(piece) > 1 else _hex(piece)
        yield Phrase(("title", "also", "code"), tokens)
        return
    if len(piece) < _INFIX:
        yield Phrase(("title", "also"), _EDGE + piece)
    else:
        yield Phrase(("title", "also"), _grams(piece, _INFIX, _INSIDE))
    if len(piece) <= _LONGEST_EDGE:
        yield Phrase(("code",), _EDGE + piece)
    if piece.isalpha() and 2 <= len(piece) <= LONGEST_PINYIN:
        yield Phrase(("initial", "also_initial"), _grams(piece, 2))
        for reading in readings(piece):
            if len(reading) > 1 or len(reading[0]) > 1:
                yield heard_as(reading, open_end=True)
