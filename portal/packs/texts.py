"""Cross-links and files inside a text: numbers of this desk become names that every desk knows, and back.

Only what leads somewhere is touched: ``[[KB000012]]``, ``/kb/KB000012``, ``/defects/QX000003``,
``/files/17``. Pure. The invariant: after coming in, no number in a link is another desk's, so that a link
never leads to an article that only happens to bear the number.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from kb.links.references import WRITTEN
from portal.packs.idents import OWN, number_of

PATHS = re.compile(r"/(kb|defects)/((?:KB|QX)\d{6,9})(?!\d)", re.ASCII)
FILES = re.compile(r"/files/(\d{1,18})(?!\d)", re.ASCII)
#: How a file of a pack is named in a text, and one that did not come along.
CARRIED = re.compile(r"/files/sha256-([0-9a-f]{64})", re.ASCII)
LEFT_BEHIND = "/files/left-behind"
#: The same with names that every desk knows.
FAR = rf"[0-9a-f]{{16}}:{OWN}"
FAR_WRITTEN = re.compile(rf"\[\[({FAR})(#[^\s\[\]|]{{1,200}})?(?:\|([^\[\]\n]{{1,200}}))?\]\]", re.ASCII)
FAR_PATHS = re.compile(rf"/(kb|defects)/({FAR})", re.ASCII)


def numbers_in(body: str) -> set[str]:
    """The numbers of articles and defects that a text of this desk leads to."""
    written = {_number(match) for match in WRITTEN.finditer(body)}
    return written | {match[2] for match in PATHS.finditer(body)}


def files_in(body: str) -> set[int]:
    return {int(number) for number in FILES.findall(body)}


def outward(body: str, *, idents: Mapping[str, str], files: Mapping[int, str]) -> str:
    """``idents``: number → ident; ``files``: id → hash. What is in neither leads nowhere afterwards."""

    def written(match: re.Match[str]) -> str:
        ident, number, words = idents.get(_number(match)), _number(match), (match[4] or "").strip()
        if ident is None:
            return words or number
        return f"[[{ident}{match[3] or ''}{'|' + words if words else ''}]]"

    body = WRITTEN.sub(written, body)
    body = PATHS.sub(lambda match: f"/{match[1]}/{idents.get(match[2], 'left-behind')}", body)
    return FILES.sub(lambda match: _carried(files.get(int(match[1]))), body)


def _number(match: re.Match[str]) -> str:
    return f"{match[1].upper()}{int(match[2]):06d}"


def _carried(sha256: str | None) -> str:
    return f"/files/sha256-{sha256}" if sha256 else LEFT_BEHIND


def pointed_at(body: str) -> set[str]:
    """The idents that a text of a pack leads to."""
    return {match[1] for match in FAR_WRITTEN.finditer(body)} | {
        match[2] for match in FAR_PATHS.finditer(body)
    }


def carried_in(body: str) -> set[str]:
    """The hashes of the files that a text of a pack shows."""
    return set(CARRIED.findall(body))


def inward(body: str, *, numbers: Mapping[str, str], files: Mapping[str, int]) -> str:
    """``numbers``: ident → number here; what isn't here is named in words instead of led to."""

    def written(match: re.Match[str]) -> str:
        number, words = numbers.get(match[1]), match[3] or ""
        if number is None:
            return words or number_of(match[1])
        return f"[[{number}{match[2] or ''}{'|' + words if words else ''}]]"

    body = FAR_WRITTEN.sub(written, body)
    body = FAR_PATHS.sub(lambda match: f"/{match[1]}/{numbers.get(match[2], match[2])}", body)
    return CARRIED.sub(lambda match: f"/files/{files.get(match[1], 'left-behind')}", body)


def missing(body: str, known: Collection[str]) -> set[str]:
    """The idents that a text leads to and that are not among the known ones."""
    return pointed_at(body) - set(known)
