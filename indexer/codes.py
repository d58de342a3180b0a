"""Error codes, versions, addresses and reference numbers: found before any word is cut.

Words are `text.py`'s business. Invariant: one code has one canonical form however it was
typed (`ORA-01017`, `ora 01017`, `O R A 0 1 0 1 7`), because people copy codes badly.
Everything here works on folded text.
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


@dataclass(frozen=True, slots=True)
class Code:
    kind: CodeKind
    canonical: str
    terms: tuple[str, ...]
    start: int
    end: int


_EDGE = r"(?<![a-z0-9])"
_CLOSE = r"(?![a-z0-9])"
_PATTERN = re.compile(
    rf"{_EDGE}(?:"
    r"(?P<hex>0x[0-9a-f]{2,16})"
    r"|(?P<spelled>[a-z0-9](?: [a-z0-9]){3,15})"
    r"|(?P<version>v ?\d{1,4}(?:\.\d{1,6}){1,4}|\d{1,4}(?:\.\d{1,6}){1,4})"
    r"|(?P<code>[a-z]{1,16}[-_.]?\d[a-z0-9]{0,40}(?:[-_.]\d[a-z0-9]{0,40}){0,4})"
    r"|(?P<mixed>\d{1,8}[a-z]{1,8}[a-z0-9]{0,16}(?:-\d{1,8})?)"
    r"|(?P<spaced>[a-z]{2,8} \d{3,8})"
    rf"){_CLOSE}"
)
_RUNS = re.compile(r"[a-z]+|\d+")
_JOINTS = re.compile(r"[^a-z0-9]+")


def _without_leading_zeros(joined: str) -> str:
    return re.sub(r"(?<=[a-z])0+(?=\d)", "", joined)


def _parts(joined: str) -> Iterator[str]:
    runs = _RUNS.findall(joined)
    if len(runs) < 2:
        return
    yield from (run for run in runs if len(run) > 1)
    if runs[0].isdigit() and len(runs) > 2:
        yield "".join(runs[1:])


def _shortened_versions(version: str) -> Iterator[str]:
    numbers = version.split(".")
    for kept in range(len(numbers), 1, -1):
        yield ".".join(numbers[:kept])


def _terms(kind: CodeKind, joined: str) -> tuple[str, ...]:
    if kind is CodeKind.VERSION:
        return tuple(_shortened_versions(joined))
    return tuple(dict.fromkeys((joined, _without_leading_zeros(joined), *_parts(joined))))


def _code(match: re.Match[str]) -> Code:
    group = match.lastgroup or "code"
    kind = CodeKind(group) if group in CodeKind.__members__.values() else CodeKind.CODE
    if kind is CodeKind.VERSION:
        joined = match.group().removeprefix("v").strip()
    else:
        joined = _JOINTS.sub("", match.group())
    canonical = joined if kind is CodeKind.VERSION else _without_leading_zeros(joined)
    return Code(kind, canonical, _terms(kind, joined), match.start(), match.end())


def find_codes(folded: str) -> list[Code]:
    return [_code(match) for match in _PATTERN.finditer(folded)]


def canonical(written: str) -> str:
    """The form under which a declared code is kept and looked up."""
    folded = fold(written).strip()
    whole = _PATTERN.fullmatch(folded)
    return _code(whole).canonical if whole else _without_leading_zeros(_JOINTS.sub("", folded)) or folded


def mentioned(folded: str) -> set[str]:
    """Codes strong enough to pin a document that bears them: long, with letters and digits."""
    return {code.canonical for code in find_codes(folded) if is_strong(code)}


def is_strong(code: Code) -> bool:
    if code.kind in (CodeKind.VERSION, CodeKind.SPACED):
        return False
    return len(code.canonical) >= 4 and sum(map(str.isdigit, code.canonical)) >= 2


def lookups(codes: Iterable[Code]) -> set[str]:
    """What to look up for a query's codes; a spaced one is tried too, a version never."""
    return {code.canonical for code in codes if is_strong(code) or code.kind is CodeKind.SPACED}
