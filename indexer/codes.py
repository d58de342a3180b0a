"""Error codes, versions, addresses and reference numbers: found before any word is cut.

Words are `text.py`'s business. Invariant: one code has one canonical form however it was
typed (`ORA-01017`, `ora 01017`, `O R A 0 1 0 1 7`, `ORA-O1O17`), because people copy codes
badly. Everything here works on folded text and keeps its length.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from indexer.characters import fold


class CodeKind(StrEnum):
    HEX = "hex"
    VERSION = "version"
    CODE = "code"
    """Letters and digits written as one: good enough to pin a document."""
    SPACED = "spaced"
    """`http 502`: a code if a document has it joined, else a word and a number."""
    SPOKEN = "spoken"
    """二二九零: a number read out on the telephone."""


@dataclass(frozen=True, slots=True)
class Code:
    kind: CodeKind
    names: tuple[str, ...]
    """Canonical forms, the whole one first: `cje217`, and `e217` for who leaves the front out."""
    terms: tuple[str, ...]
    start: int
    end: int

    @property
    def canonical(self) -> str:
        return self.names[0]


_EDGE = r"(?<![a-z0-9])"
_CLOSE = r"(?![a-z0-9])"
_PATTERN = re.compile(
    rf"{_EDGE}(?:"
    r"(?P<hex>0x[0-9a-f]{2,16})"
    r"|(?P<spelled>[a-z0-9](?: [a-z0-9]){3,15})"
    r"|(?P<version>v ?\d{1,4}(?:\.\d{1,6}){1,4}|\d{1,4}(?:\.\d{1,6}){1,4})"
    r"|(?P<code>[a-z]{1,16}[-_.]?(?:[a-z]{0,4}[-_]?)?\d[a-z0-9]{0,40}(?:[-_.]\d[a-z0-9]{0,40}){0,4})"
    r"|(?P<mixed>\d{1,8}[a-z]{1,8}[a-z0-9]{0,16}(?:-\d{1,8})?)"
    r"|(?P<spaced>[a-z]{2,8} [a-z]{0,2}\d{3,8})"
    r"|(?P<spoken>(?<=[\u4e00-\u9fff])\d{3,12}(?=[\u4e00-\u9fff]))"
    rf"){_CLOSE}"
)
_RUNS = re.compile(r"[a-z]+|\d+")
_JOINTS = re.compile(r"[^a-z0-9]+")
_SPOKEN = re.compile(r"[零〇一二三四五六七八九幺]{3,12}")
_DIGITS = str.maketrans("零〇一二三四五六七八九幺", "001234567891")
_LOOKALIKE = re.compile(r"(?<![a-z0-9])(?=[a-z]*\d)(?=[a-z0-9]*\d[a-z]*\d)[a-z0-9]{3,20}(?![a-z0-9])")
_AS_ZERO = re.compile(r"(?<=\d)o|o(?=\d)")
_AS_ONE = re.compile(r"(?<=\d)[li](?=\d)")


def _unconfused(match: re.Match[str]) -> str:
    return _AS_ONE.sub("1", _AS_ZERO.sub("0", match.group()))


def readable_digits(folded: str) -> str:
    """Spoken digits and look-alike letters inside codes become digits; nothing moves."""
    spoken = _SPOKEN.sub(lambda match: match.group().translate(_DIGITS), folded)
    return _LOOKALIKE.sub(_unconfused, spoken) if "o" in spoken or "l" in spoken or "i" in spoken else spoken


def _without_leading_zeros(joined: str) -> str:
    return re.sub(r"(?<=[a-z])0+(?=\d)", "", joined)


def _parts(joined: str) -> Iterator[str]:
    runs = _RUNS.findall(joined)
    if len(runs) < 2:
        return
    for run in runs:
        if len(run) > 1:
            yield run
        if run.startswith("0") and len(run.lstrip("0")) > 1:
            yield run.lstrip("0")
    if runs[0].isdigit() and len(runs) > 2:
        yield "".join(runs[1:])


def _shortened_versions(version: str) -> Iterator[str]:
    numbers = version.split(".")
    for kept in range(len(numbers), 1, -1):
        yield ".".join(numbers[:kept])


def _tail(written: str) -> str:
    """What is left of a code whose front people leave out: CJ-E0217 → e0217."""
    return _JOINTS.split(written, maxsplit=1)[-1]


def _names(kind: CodeKind, written: str, joined: str) -> tuple[str, ...]:
    if kind is CodeKind.VERSION:
        return (joined,)
    tail = _without_leading_zeros(_tail(written))
    whole = _without_leading_zeros(joined)
    return (whole, tail) if tail != whole and _is_distinct(tail) else (whole,)


def _is_distinct(name: str) -> bool:
    return len(name) >= 4 and sum(map(str.isdigit, name)) >= 2 and not name.isdigit()


def _terms(kind: CodeKind, written: str, joined: str) -> tuple[str, ...]:
    if kind is CodeKind.VERSION:
        return tuple(_shortened_versions(joined))
    tail = _tail(written)
    extra = (tail,) if tail != joined and _JOINTS.search(tail) is None else ()
    return tuple(dict.fromkeys((joined, _without_leading_zeros(joined), *extra, *_parts(joined))))


def _code(match: re.Match[str]) -> Code:
    group = match.lastgroup or "code"
    kind = CodeKind(group) if group in CodeKind.__members__.values() else CodeKind.CODE
    written = match.group()
    joined = written.removeprefix("v").strip() if kind is CodeKind.VERSION else _JOINTS.sub("", written)
    names = _names(kind, written, joined)
    return Code(kind, names, _terms(kind, written, joined), match.start(), match.end())


def find_codes(folded: str) -> list[Code]:
    return [_code(match) for match in _PATTERN.finditer(readable_digits(folded))]


def canonical(written: str) -> str:
    """The form under which a declared code is kept and looked up."""
    folded = readable_digits(fold(written).strip())
    whole = _PATTERN.fullmatch(folded)
    return _code(whole).canonical if whole else _without_leading_zeros(_JOINTS.sub("", folded)) or folded


def declared_names(written: str) -> set[str]:
    whole = _PATTERN.fullmatch(readable_digits(fold(written).strip()))
    return {canonical(written), *(_code(whole).names if whole else ())}


def mentioned(folded: str) -> set[str]:
    """Codes strong enough to pin a document that bears them: long, with letters and digits."""
    return {name for code in find_codes(folded) if is_strong(code) for name in code.names}


def is_strong(code: Code) -> bool:
    if code.kind in (CodeKind.VERSION, CodeKind.SPACED, CodeKind.SPOKEN):
        return False
    return len(code.canonical) >= 4 and sum(map(str.isdigit, code.canonical)) >= 2


def lookups(codes: Iterable[Code]) -> set[str]:
    """What to look up for a query's codes; a spaced one is tried too, a version never."""
    asked = (code for code in codes if is_strong(code) or code.kind is CodeKind.SPACED)
    return {name for code in asked for name in code.names}
