"""“Did you mean”, for one viewer: a wording whose every new word a row that they may see bears now.

The index proposes (``indexer.meant``); here each proposed word is looked up again in the database. The
invariant: a word that stands in no visible row is never shown, however close it is.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from indexer.characters import fold
from indexer.document import Key, Query
from indexer.index import Index
from portal.finder.found import Subject
from portal.finder.shelves import SHELVES, offered
from portal.finder.typeahead import audience_of
from portal.finder.wording import cleaned
from portal.people.models import Person


def did_you_mean(session: Session, person: Person, index: Index, text: str) -> str:
    """Another wording worth searching; empty when the words are known or nothing better is."""
    if not person.active:
        return ""
    meant = index.did_you_mean(Query(cleaned(text), audience=audience_of(person)))
    if meant is None:
        return ""
    rows = offered(session, person, {key for word in meant.words for key in word.bearers})
    borne = all(
        any(_bears(key, rows[key], word.text) for key in word.bearers if key in rows) for word in meant.words
    )
    return meant.text if borne else ""


def _bears(key: Key, row: Subject, word: str) -> bool:
    return fold(word) in fold(f"{row.title}\n{SHELVES[key[0]].words(row)}")
