"""Who changed an item since both desks last agreed: a three-way comparison by versions. Pure.

A version is made of what an item says and of the version it came from, so that changing a text back makes
no old version new. Each desk keeps for each item the line of versions that it has sent or taken; a pack
tells the line of each of its items. The last version that both lines hold is the common one. The invariant:
an item is offered as “changed only there” only when what is here went into it, so that taking it loses
nothing of ours; where neither went into the other, it is a conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from portal.packs.canonical import digest
from portal.packs.words import Standing

#: More than so many exchanges of one item ago, nobody remembers.
MOST = 60


@dataclass(frozen=True, slots=True)
class State:
    """An item on one desk: the digest of what it says, its version, the versions that led to it."""

    content: str
    version: str
    line: tuple[str, ...] = ()


def state_of(content: str, *, line: Sequence[str], agreed: str) -> State:
    """How an item stands here; ``agreed``: what it said when its line was last written on."""
    if line and content == agreed:
        return State(content, line[-1], tuple(line))
    return State(content, digest([content, line[-1] if line else ""]), tuple(line))


def compared(theirs: State, ours: State | None, *, gone: bool = False) -> Standing:
    """``ours`` is None when it isn't here; ``gone``: it was taken off line there."""
    if ours is None:
        return Standing.UNCHANGED if gone else Standing.NEW
    if gone:
        return Standing.GONE
    if theirs.version == ours.version or theirs.content == ours.content:
        return Standing.UNCHANGED
    common = common_of((*ours.line, ours.version), {*theirs.line, theirs.version})
    here, there = ours.version != common, theirs.version != common
    if common is None or (here and there):
        return Standing.CONFLICT
    return Standing.THEIRS if there else Standing.OURS


def common_of(line: Sequence[str], known: Collection[str]) -> str | None:
    """The last version of our line that the other side knows."""
    return next((version for version in reversed(line) if version in known), None)


def extended(line: Sequence[str], *versions: str) -> list[str]:
    """The line with these at its end, each once, cut at its beginning."""
    rest = [version for version in line if version not in versions]
    return [*rest, *dict.fromkeys(versions)][-MOST:]
