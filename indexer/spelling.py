"""Slips of the fingers: words nobody has written, taken for the nearest that somebody has.

At search time an unknown word counts, for less, as its near form; a code is never corrected. What may be
proposed to a person is `meant.py`'s business. Invariant: a known word stays as it was typed.
"""

from dataclasses import replace

from indexer.asked import Asked, Wanted
from indexer.engines import Field
from indexer.generation import View
from indexer.shapes import shaped_like
from indexer.shelves import Shelf
from indexer.sounds import possible_pairs
from indexer.text import TermKind
from indexer.tuning import Tuning

_MOST_CORRECTED = 8
"""More unknown words than this are a log or a foreign text, not a slip."""


def is_latin_word(text: str, kind: TermKind) -> bool:
    return kind is TermKind.WORD and text.isascii() and text.isalpha()


def corrected(asked: Asked, view: View, tuning: Tuning) -> Asked:
    """The question with near forms in place of the words that no document knows."""
    unknown = [wanted for wanted in asked.terms if _may_be_slip(wanted, view.shelf)]
    if tuning.form <= 0 or sum(wanted.text.isascii() for wanted in unknown) > _MOST_CORRECTED:
        return asked
    known = {wanted.text for wanted in asked.terms}
    instead = {wanted.text: meant for wanted in unknown if (meant := _near(wanted, view)) not in known}
    terms = (_in_place_of(wanted, instead.get(wanted.text), tuning) for wanted in asked.terms)
    return replace(asked, terms=tuple(terms)) if instead else asked


def _in_place_of(wanted: Wanted, meant: str | None, tuning: Tuning) -> Wanted:
    if meant is None:
        return wanted
    return replace(wanted, text=meant, surface=meant, weight=wanted.weight * tuning.form)


def _may_be_slip(wanted: Wanted, shelf: Shelf) -> bool:
    pair = wanted.kind in (TermKind.WORD, TermKind.PAIR) and len(wanted.text) == 2
    if not is_latin_word(wanted.text, wanted.kind) and (not pair or wanted.text.isascii()):
        return False
    return not shelf.knows(Field.WORDS, wanted.text)


def _near(wanted: Wanted, view: View) -> str | None:
    if not wanted.text.isascii():
        return _alike(wanted.text, view.shelf)
    near = view.titles.vocabulary().near(wanted.text)
    return next((form for form in near if view.shelf.knows(Field.WORDS, form)), None)


def _alike(pair: str, shelf: Shelf) -> str | None:
    """The most usual pair that looks like it; one that sounds like it goes before (`scoring.py`)."""
    if any(shelf.knows(Field.SOUND, heard) for heard in possible_pairs(pair)):
        return None
    counted = [(shelf.frequency(Field.WORDS, other), other) for other in shaped_like(pair)]
    return max((pair for pair in counted if pair[0]), default=(0, None))[1]
