"""Sentences that were written down in Chinese, told in the viewer's language.

What an import has to say of a row is kept as it was said at the time. The catalogue knows the sentence with
its gaps; what filled them is carried over. The invariant: what the catalogue does not know is shown as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache

from flask_babel import get_locale, get_translations
from flask_babel import gettext as _

GAP = re.compile(r"%\((\w+)\)s")
SHORTEST = 4  # a sentence whose fixed words are fewer says too little to be recognised
#: Gaps that are filled with words of ours; what a file or a person says is carried over as it stands.
OURS = frozenset({"meaning", "place"})
#: Several things wrong with one row: each is said behind the name of its field.
OF_A_FIELD = re.compile(r"(?P<meaning>.+?)（(?P<name>\w+)）(?P<fault>.+)")


def retold(text: str) -> str:
    """The text in the viewer's language when it is a sentence that the catalogue knows."""
    if not text or str(get_locale()).startswith("zh"):
        return text
    return _retold(str(get_locale()), text)


@lru_cache(maxsize=4096)
def _retold(locale: str, text: str) -> str:
    if "%" not in text and (whole := _(text)) != text:
        return whole
    return _filled(locale, text) or _clauses(locale, text) or text


def _filled(locale: str, text: str) -> str:
    """The first sentence with gaps that it can be; nothing when the catalogue has none."""
    for fixed, pattern, sentence in _patterns(locale):
        if fixed in text and (found := pattern.fullmatch(text)):
            told = {name: _gap(locale, name, value) for name, value in found.groupdict().items()}
            return _(sentence) % told
    return ""


def _gap(locale: str, name: str, value: str) -> str:
    return _retold(locale, value.strip()) if name in OURS else value


def _clauses(locale: str, text: str) -> str:
    """What is wrong with the fields of a row, joined as ``kb.importing.fields`` joins it."""
    clauses = [_clause(locale, clause) for clause in re.split("；", re.sub("。$", "", text))]
    return "" if "" in clauses else f"{'; '.join(clauses)}."


def _clause(locale: str, text: str) -> str:
    if filled := _filled(locale, text):
        return filled
    found = OF_A_FIELD.fullmatch(text)
    fault = _retold(locale, found["fault"]) if found else text
    if found is None or fault == found["fault"]:
        return ""
    return f"{_(found['meaning'])} ({found['name']}): {fault}"


@lru_cache(maxsize=4)
def _patterns(_locale: str) -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """(the longest fixed words, the sentence as a pattern, the sentence), what is most fixed first."""
    known = [name for name in getattr(get_translations(), "_catalog", {}) if isinstance(name, str)]
    with_gaps = [(max(GAP.split(name)[::2], key=len), name) for name in known if GAP.search(name)]
    told = [
        pair for pair in with_gaps if len("".join(GAP.split(pair[1])[::2])) >= SHORTEST and pair[0].strip()
    ]
    wanted = sorted(told, key=lambda pair: -len(pair[0]))
    return tuple((fixed, re.compile(_pattern(name), re.DOTALL), name) for fixed, name in wanted)


def _pattern(sentence: str) -> str:
    """A gap that comes twice is the same both times."""
    seen: set[str] = set()
    parts = []
    for place, piece in enumerate(GAP.split(sentence)):
        if place % 2 == 0:
            parts.append(re.escape(piece))
        elif piece in seen:
            parts.append(f"(?P={piece})")
        else:
            seen.add(piece)
            parts.append(f"(?P<{piece}>.*?)")
    return "".join(parts)
