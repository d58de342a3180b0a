"""Whose names a text probably holds: Chinese names of three characters that no directory needs to know.

Careful rather than complete: what might as well be a word is left alone. Pure; the tagger is that of the
word index. Invariant: everything returned stands in the text.
"""

from collections.abc import Iterator

import rjieba

LENGTH = 3
PERSON = "nr"


def names_in(text: str, surnames: str) -> tuple[str, ...]:
    """Names of three characters that begin with one of these surnames, each once."""
    return tuple(dict.fromkeys(name for name in _runs(text) if name[0] in surnames and _is_given(name[1:])))


def _runs(text: str) -> Iterator[str]:
    """Neighbouring pieces that are tagged as a person's, where they make three characters together."""
    run = ""
    for piece, tag in [*rjieba.tag(text), ("", "")]:
        if tag.startswith(PERSON) and len(run) + len(piece) <= LENGTH:
            run += piece
            continue
        if len(run) == LENGTH:
            yield run
        run = piece if tag.startswith(PERSON) else ""


def _is_given(name: str) -> bool:
    """Is it a given name by itself? 白名单 and 许可证 are tagged as people, 名单 and 可证 are not."""
    tagged = rjieba.tag(name)
    return len(tagged) == 1 and tagged[0][1].startswith(PERSON)
