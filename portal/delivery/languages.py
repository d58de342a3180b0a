"""The reader's language outside of any page: the same catalogues, read without a request.

The invariant: a sentence without a translation is said in Chinese, its own id.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import portal
from portal.people.models import Person

FOLDER = Path(portal.__file__).parent / "translations"
#: Takes a sentence and the values of its placeholders.
Say = Callable[..., str]


@lru_cache(maxsize=8)
def _catalogue(locale: str) -> gettext.NullTranslations:
    return gettext.translation("messages", str(FOLDER), languages=[locale], fallback=True)


def speaker(locale: str) -> Say:
    """Says a sentence in this language, its values translated too where they are words of the desk."""
    catalogue = _catalogue(locale)

    def say(text: str, **values: object) -> str:
        if not text:
            return ""
        spoken = {
            name: catalogue.gettext(value) if isinstance(value, str) and value else value
            for name, value in values.items()
        }
        sentence = catalogue.gettext(text)
        return sentence % spoken if spoken else sentence

    return say


def language_of(person: Person, default: str) -> str:
    return person.locale or default
