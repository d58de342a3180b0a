"""The true form of one word that nobody whose documents this asker sees has written.

How a whole question is put together again is `meant.py`'s business. Invariant: a form is read from the
titles and bodies of visible documents, never from a list of words.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import rjieba

from indexer.characters import fold
from indexer.columns import Mask, Places
from indexer.document import Document, Key, Query
from indexer.engines import NOWHERE, Field, Scope, Weighed, marks_wanted
from indexer.generation import View
from indexer.letters import heard_as
from indexer.shapes import shaped_like
from indexer.sounds import possible_pairs, usual_sound
from indexer.stems import stem
from indexer.syllables import readings, syllables_of
from indexer.text import han_runs
from indexer.vocabulary import distance

_LOOKED_AT = 8
"""Documents that are read for the true form of a word."""
_READ = 2_000
_NAMED = 3
_FAR = 12
_LATIN = re.compile(r"[a-z]{2,24}")
_SHORTEST_PINYIN = 4


@dataclass(frozen=True, slots=True)
class Word:
    """A proposed word and documents that bear it."""

    text: str
    bearers: tuple[Key, ...]


class Seen:
    """The index as this asker may see it."""

    def __init__(self, view: View, query: Query) -> None:
        self.view = view
        self._mask: Mask = view.columns.mask(query)
        self._marks = marks_wanted(query)

    def places(self, field: Field, term: str) -> Places:
        if not self.view.lexical.frequency(field, term):
            return NOWHERE.places
        scope = Scope(self._mask, self._marks, most=_LOOKED_AT)
        found = self.view.lexical.reading([Weighed(field, (term,), 1.0)], scope).posting(field, term).places
        allowed: Places = found[self._mask[found]]
        return allowed

    def knows(self, word: str) -> bool:
        return len(self.places(Field.WORDS, word)) > 0

    def bearing(self, field: Field, term: str) -> list[Document]:
        return self._documents(self.places(field, term))

    def titled(self, match: str) -> list[Document]:
        """Documents that the titles' own full-text query finds."""
        numbers = np.array(self.view.titles.numbers(match), dtype=np.int64)
        places = self.view.columns.place_of_numbers(numbers)
        places = places[places >= 0]
        return self._documents(places[self._mask[places]])

    def _documents(self, places: Places) -> list[Document]:
        numbers = self.view.columns.numbers[places[:_LOOKED_AT]].tolist()
        return list(self.view.store.documents(numbers).values())


class _Forms:
    """Forms that were read, and where."""

    def __init__(self) -> None:
        self._bearers: defaultdict[str, list[Key]] = defaultdict(list)

    def read(self, document: Document, forms: Iterable[str]) -> None:
        for form in dict.fromkeys(forms):
            self._bearers[form].append(document.key)

    def ranked(self) -> list[tuple[int, str]]:
        return sorted((-len(keys), form) for form, keys in self._bearers.items())

    def word(self, form: str) -> Word:
        return Word(form, tuple(self._bearers[form][:_NAMED]))


def _text(document: Document) -> str:
    """What the asker can read of it; other ways of asking may be the words of somebody's ticket."""
    return fold(f"{document.title}\n{document.body[:_READ]}")


# ---------------------------------------------------------------------------- Latin words


def latin_word_for(word: str, stemmed: str, seen: Seen) -> Word | None:
    """By near form, else as pinyin."""
    for near in seen.view.titles.vocabulary().near(stemmed):
        forms = _Forms()
        for document in seen.bearing(Field.WORDS, near):
            forms.read(document, (other for other in _LATIN.findall(_text(document)) if stem(other) == near))
        if ranked := forms.ranked():
            return forms.word(min(ranked, key=lambda row: (distance(word, row[1], _FAR), row))[1])
    return _pinyin_word_for(word, seen) if len(word) >= _SHORTEST_PINYIN else None


def _pinyin_word_for(word: str, seen: Seen) -> Word | None:
    for reading in readings(word):
        if len(reading) < 2:
            continue
        forms = _Forms()
        for document in seen.titled(heard_as(reading).query()):
            forms.read(document, _read_as(_text(document), reading))
        if ranked := forms.ranked():
            return forms.word(ranked[0][1])
    return None


def _read_as(text: str, reading: tuple[str, ...]) -> Iterator[str]:
    length = len(reading)
    for run in han_runs(text):
        heard = syllables_of(run)
        for place in range(len(heard) - length + 1):
            if heard[place : place + length] == reading:
                yield run[place : place + length]


# ---------------------------------------------------------------------------- Chinese pairs


def pair_for(pair: str, loose: set[int], seen: Seen) -> Word | None:
    """A pair that sounds like it or looks like it; only its loose characters may be others."""
    return _best(_heard(pair, loose, seen), pair, loose) or _best(_looking(pair, seen), pair, loose)


def _heard(pair: str, loose: set[int], seen: Seen) -> _Forms:
    forms = _Forms()
    kept = {place: pair[place] for place in (0, 1) if place not in loose}
    for sound in possible_pairs(pair):
        for document in seen.bearing(Field.SOUND, sound):
            forms.read(document, _sounding(_text(document), sound, kept))
    return forms


def _sounding(text: str, sound: str, kept: Mapping[int, str]) -> Iterator[str]:
    """The pairs in the text that sound so and have these characters at these places."""
    if not all(character in text for character in kept.values()):
        return
    letters = set(text)  # far fewer than there are places
    first, second = sound[1:].split(".")
    fore = [kept[0]] if 0 in kept else [letter for letter in letters if usual_sound(letter) == first]
    hind = {kept[1]} if 1 in kept else {letter for letter in letters if usual_sound(letter) == second}
    for letter in fore:
        place = text.find(letter)
        while place >= 0:
            if text[place + 1 : place + 2] in hind:
                yield text[place : place + 2]
            place = text.find(letter, place + 1)


def _looking(pair: str, seen: Seen) -> _Forms:
    forms = _Forms()
    for other in shaped_like(pair):
        for document in seen.bearing(Field.WORDS, other):
            forms.read(document, [other] if other in _text(document) else [])
    return forms


def _best(forms: _Forms, pair: str, loose: set[int]) -> Word | None:
    """The one that keeps most of what was typed, then the one in most documents."""
    fitting = [row for row in forms.ranked() if _fits(row[1], pair, loose)]
    fitting.sort(key=lambda row: (len(_changed(row[1], pair)), row))
    return forms.word(fitting[0][1]) if fitting else None


def _changed(other: str, pair: str) -> set[int]:
    return {place for place in (0, 1) if other[place] != pair[place]}


def _fits(other: str, pair: str, loose: set[int]) -> bool:
    """Only a word of the dictionary is a better one: pairs across two words sound like anything."""
    changed = _changed(other, pair)
    return bool(changed) and changed <= loose and len(rjieba.cut(other, hmm=False)) == 1
