"""Who is named in a text, by the directory and by the look of it: what masking must know besides its rules.

Masking itself is ``finder.masking``. The number of queries grows with the length of the texts, never with
the number of people. The invariant: a name, login or telephone number of the directory that stands in one
of the texts is among those returned.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from indexer.named import names_in
from portal.finder.masking import GAP, SURNAMES, masked
from portal.people.models import Person

CHUNK = 800
#: Names of two to five Chinese characters.
LENGTHS = range(2, 6)
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]{2,63}")
_TWO_WORDS = re.compile(r"(?=\b([A-Z][a-z]+ [A-Z][a-z]+)\b)", re.ASCII)
_DIGITS = re.compile(r"\d[\d -]{4,18}\d")
#: “姓名罗俊杰”: what is said to be a name is one, whether the directory knows it or not.
_SAID_TO_BE = re.compile(rf"((?:姓名|户名|名字|名叫)(?:是|叫|为)?)[{SURNAMES}][\u4e00-\u9fff]{{1,2}}")
#: The number of somebody's form or contract: two capitals and seven digits or eight, which no error code has.
_REFERENCE = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2,3}\d{7,8}(?![A-Za-z0-9])")
_CHINESE = re.compile(r"[\u3400-\u9fff·][\u3400-\u9fff·0-9A-Za-z]*")


def named_in(session: Session, texts: Iterable[str]) -> frozenset[str]:
    """Everything in these texts that the directory knows as somebody's name, login or telephone number."""
    whole = "\n".join(texts)
    words = {word.rstrip("._-") for word in _LATIN.findall(whole)}
    logins = _found(session, Person.login, {word.lower() for word in words})
    return frozenset(
        {
            *_found(session, Person.name, {*_candidates(session, whole), *words}),
            *_found(session, Person.name_en, set(_TWO_WORDS.findall(whole))),
            *(word for word in words if word.lower() in logins),
            *_found(session, Person.phone, {number.strip() for number in _DIGITS.findall(whole)}),
        }
    )


def masked_all(session: Session, texts: Collection[str], *, names: Collection[str] = ()) -> list[str]:
    """The texts without what tells who somebody is: by the rules, and by the directory."""
    known = named_in(session, texts) | {name.strip() for name in names if len(name.strip()) > 1}
    known |= set(names_in("\n".join(texts), SURNAMES))
    return [_masked(text, known) for text in texts]


def _masked(text: str, known: Collection[str]) -> str:
    """A login is taken out as a word of its own only: what merely contains it is another word."""
    latin = sorted((name for name in known if name.isascii()), key=len, reverse=True)
    for name in latin:
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", GAP, text)
    text = _REFERENCE.sub(GAP, _SAID_TO_BE.sub(rf"\1{GAP}", text))
    return masked(text, names=[name for name in known if not name.isascii()])


def _candidates(session: Session, whole: str) -> Iterator[str]:
    """Stretches that begin like somebody's name; the beginnings are few, whatever the size of the company."""
    first = set(session.scalars(select(func.substr(Person.name, 1, 1)).distinct()))
    for run in _CHINESE.findall(whole):
        for place, character in enumerate(run):
            if character in first:
                yield from (run[place : place + n] for n in LENGTHS if place + n <= len(run))


def _found(session: Session, column: object, words: Collection[str]) -> set[str]:
    asked = sorted(word for word in words if word)
    found: set[str] = set()
    for start in range(0, len(asked), CHUNK):
        part = asked[start : start + CHUNK]
        found.update(session.scalars(select(column).where(column.in_(part))))  # type: ignore[call-overload,attr-defined]
    return found
