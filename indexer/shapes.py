"""Characters that look alike: which others one may have been taken for.

The groups are a small table of our own (`tables/look_alikes.txt`). Invariant: being alike goes both ways,
and no character is its own look-alike.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files


@cache
def look_alikes() -> Mapping[str, tuple[str, ...]]:
    source = files("indexer").joinpath("tables/look_alikes.txt").read_text(encoding="utf-8")
    lines = (line for line in source.splitlines() if not line.startswith("#"))
    found: dict[str, list[str]] = {}
    for group in (group for line in lines for group in line.split()):
        for character in group:
            found.setdefault(character, []).extend(other for other in group if other != character)
    return {character: tuple(dict.fromkeys(others)) for character, others in found.items()}


def shaped_like(pair: str) -> Iterator[str]:
    """Pairs that differ in one character of the same look."""
    for other in look_alikes().get(pair[0], ()):
        yield other + pair[1]
    for other in look_alikes().get(pair[1], ()):
        yield pair[0] + other
