"""Titles spelled out for typing: single characters, Chinese sounds, and what somebody typed so far.

Every letter becomes a token of plain ASCII made here, so that nothing a person types can ever be read
as grammar. Where titles are kept is `titles.py`. Invariant: `Typed.fits` says of given lines exactly
what the full-text query of the same `Typed` says of them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files

from pypinyin import lazy_pinyin

from indexer.characters import fold
from indexer.sounds import coarse, sounds
from indexer.text import han_runs

LONGEST_LINE = 200
LONGEST_TYPED = 64
MOST_LINES = 12
_MOST_PARTS = 6
_MOST_READINGS = 8
LONGEST_PINYIN = 40
_INFIX_FROM = 3
"""Fewer Latin letters are looked for at the start of words only: "ou" stands in too many of them."""
_WRITTEN = ("title", "also", "code")
_SOUND = ("sound", "also_sound")
_INITIAL = ("initial", "also_initial")
_OF_TITLE = frozenset({"title", "sound", "initial"})
_WORD = "00"
"""Where a Latin word begins. Two digits, so it can be no letter's token; the same for `_LINE`."""
_LINE = "11"
_JOINTS = "-_./:+#&"
_PIECES = re.compile(r"[a-z0-9]+(?:[-_./:+#&]+[a-z0-9]+)*|[^\W_a-z0-9]+")
_LATIN = re.compile(r"[a-z0-9]")
_AGAIN = re.compile("重(?=[置启复新装试发印命建登设填做录传连拨来])")
"""重 that is read chong; the dictionary of readings knows few of the desk's words with it."""


@cache
def _syllables() -> frozenset[str]:
    source = files("indexer").joinpath("tables/syllables.txt").read_text(encoding="utf-8")
    return frozenset(
        word for line in source.splitlines() if not line.startswith("#") for word in line.split()
    )


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(syllable[:end] for syllable in _syllables() for end in range(1, len(syllable) + 1))


def _token(character: str) -> str:
    return character if _LATIN.match(character) else f"x{ord(character):x}"


def _pieces(text: str) -> Iterator[str]:
    """Latin words and codes without their joints, and runs of other writing."""
    for match in _PIECES.finditer(fold(text)):
        piece = match.group()
        yield re.sub(r"[^a-z0-9]", "", piece) if _LATIN.match(piece) else piece


def spelled(line: str) -> str:
    """A line as tokens: one for each letter, with a mark before each Latin word."""
    tokens: list[str] = []
    for piece in _pieces(line[:LONGEST_LINE]):
        if _LATIN.match(piece):
            tokens.append(_WORD)
        tokens.extend(map(_token, piece))
    return " ".join(tokens)


@lru_cache(maxsize=8192)
def syllables_of(run: str) -> tuple[str, ...]:
    read = lazy_pinyin(_AGAIN.sub("虫", run))
    if len(read) != len(run):
        read = [(sounds(character) or ("0q",))[0] for character in run]
    return tuple(coarse(syllable) if syllable.isascii() and syllable.isalpha() else "0q" for syllable in read)


def sounded(line: str) -> str:
    """How the Chinese of a line is read, a token for each syllable."""
    runs = (" ".join(syllables_of(run)) for run in han_runs(line[:LONGEST_LINE]))
    return f" {_LINE} ".join(runs)


def initials(line: str) -> str:
    return " ".join(token if token == _LINE else token[0] for token in sounded(line).split())


def lines_together(lines: Iterable[str]) -> str:
    """Several lines in one column; no phrase reaches from one into the next."""
    return f" {_LINE} ".join(line for line in lines if line)


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

    @classmethod
    def of(cls, title: str, also: Sequence[str] = (), codes: Sequence[str] = ()) -> "Spelled":
        others = also[:MOST_LINES]
        return cls(
            spelled(title),
            lines_together(map(spelled, others)),
            lines_together(map(spelled, codes[:MOST_LINES])),
            sounded(title),
            initials(title),
            lines_together(map(sounded, others)),
            lines_together(map(initials, others)),
        )


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that follow each other in one of the columns."""

    columns: tuple[str, ...]
    tokens: str
    open_end: bool = False
    """The last token may be the beginning of one: a syllable that is still being typed."""

    def query(self, *, first: bool = False) -> str:
        star = "*" if self.open_end else ""
        return f'{{{" ".join(self.columns)}}} : {"^ " if first else ""}"{self.tokens}" {star}'.rstrip()

    @property
    def of_title(self) -> "Phrase":
        """The same, looked for in the title alone."""
        return replace(self, columns=tuple(column for column in self.columns if column in _OF_TITLE))

    def fits(self, held: Spelled) -> bool:
        end = "" if self.open_end else " "
        return any(f" {self.tokens}{end}" in f" {getattr(held, column)} " for column in self.columns)


@dataclass(frozen=True, slots=True)
class Part:
    """One word as it was typed: any of its phrases will do."""

    piece: str
    phrases: tuple[Phrase, ...]

    def query(self) -> str:
        return _either(phrase.query() for phrase in self.phrases)

    def titled(self) -> str:
        return _either(phrase.of_title.query() for phrase in self.phrases)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody has typed so far: every part has to be found."""

    text: str
    parts: tuple[Part, ...]

    def query(self) -> str:
        return " AND ".join(part.query() for part in self.parts)

    def titled_query(self) -> str:
        """The same, all of it in the title."""
        return " AND ".join(part.titled() for part in self.parts)

    def starting_query(self) -> str:
        """The same, with the first part at the very start of the title."""
        first = (phrase.of_title for phrase in self.parts[0].phrases)
        openings = [phrase.query(first=True) for phrase in first if len(phrase.columns) == 1]
        return " AND ".join([_either(openings), *(part.titled() for part in self.parts[1:])])

    def fits(self, held: Spelled) -> bool:
        return bool(self.parts) and all(
            any(phrase.fits(held) for phrase in part.phrases) for part in self.parts
        )


def typed(text: str) -> Typed:
    """Read as words and letters; never as a language of queries."""
    kept = text[:LONGEST_TYPED]
    pieces = list(dict.fromkeys(_pieces(kept)))[:_MOST_PARTS]
    return Typed(kept, tuple(Part(piece, tuple(_phrases(piece))) for piece in pieces))


def by_sound(text: str) -> Typed:
    """The same with Chinese characters taken for their sounds: 登陆 finds 登录."""
    pieces = list(dict.fromkeys(_pieces(text[:LONGEST_TYPED])))[:_MOST_PARTS]
    return Typed(text, tuple(Part(piece, tuple(_sounding(piece) or _phrases(piece))) for piece in pieces))


def _either(queries: Iterable[str]) -> str:
    return "(" + " OR ".join(queries) + ")"


def typed_sound(reading: tuple[str, ...]) -> str:
    """The full-text query for Chinese that is read so."""
    return Phrase(_SOUND, " ".join(reading)).query()


def _sounding(piece: str) -> list[Phrase]:
    runs = han_runs(piece)
    if len(runs) != 1 or len(runs[0]) != len(piece) or len(piece) < 2:
        return []
    return [Phrase(_SOUND, " ".join(syllables_of(piece)))]


def _phrases(piece: str) -> Iterator[Phrase]:
    tokens = " ".join(map(_token, piece))
    if not _LATIN.match(piece):
        yield Phrase(_WRITTEN, tokens)
        return
    yield Phrase(_WRITTEN, f"{_WORD} {tokens}")
    if len(piece) >= _INFIX_FROM or piece.isdecimal():
        yield Phrase(_WRITTEN, tokens)
    if piece.isalpha() and 2 <= len(piece) <= LONGEST_PINYIN:
        yield Phrase(_INITIAL, tokens)
        for reading in readings(piece):
            yield Phrase(_SOUND, " ".join(reading), open_end=True)


def readings(piece: str) -> list[tuple[str, ...]]:
    """The ways to cut typed pinyin into syllables, the fewest syllables first; the last may be unfinished."""
    ways: dict[int, list[tuple[str, ...]]] = {0: [()]}
    for end in range(1, len(piece) + 1):
        known = _beginnings() if end == len(piece) else _syllables()
        found = [
            (*way, coarse(piece[start:end]))
            for start in range(max(0, end - 6), end)
            if piece[start:end] in known
            for way in ways.get(start, ())
        ]
        ways[end] = sorted(dict.fromkeys(found), key=len)[:_MOST_READINGS]
    return ways[len(piece)]
