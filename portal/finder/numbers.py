"""Reference numbers (KB…, QX…, GD…, GZ…) typed into a search: found exactly, with or without an index.

The rule of who sees what is the shelf's own, so that a number opens nothing that a page would hide.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from sqlalchemy.orm import Session

from indexer.document import Hit, Key, Reason, ReasonKind
from portal.finder.found import Subject
from portal.finder.shelves import FAULT, SHELVES
from portal.finder.sources import ARTICLE, DEFECT, TICKET
from portal.people.models import Person

# No \b: Chinese characters count as word characters, and people write 工单GD202603020001到哪了.
WRITTEN = re.compile(r"(?<![A-Za-z0-9])(KB|QX|GD|GZ)[-_ ]?(\d{6,16})(?!\d)", re.IGNORECASE)
KINDS = {"KB": ARTICLE, "QX": DEFECT, "GD": TICKET, "GZ": FAULT}
MOST = 20


def numbers_in(text: str) -> dict[str, list[str]]:
    """Kind → the reference numbers of that kind in ``text``, as the desk writes them."""
    found: dict[str, list[str]] = {}
    for match in list(WRITTEN.finditer(unicodedata.normalize("NFKC", text)))[:MOST]:
        head = match[1].upper()
        found.setdefault(KINDS[head], []).append(f"{head}{match[2]}")
    return found


def by_number(session: Session, person: Person, text: str, *, kinds: Collection[str]) -> dict[Key, Subject]:
    """The rows of these kinds whose numbers are typed and that this person may see."""
    rows: dict[Key, Subject] = {}
    for kind, numbers in numbers_in(text).items():
        if kind in kinds:
            shelf = SHELVES[kind]
            wanted = shelf.permitted(person).where(shelf.model.number.in_(numbers))
            rows.update({(kind, str(row.id)): row for row in session.scalars(wanted)})
    return rows


def hit_of(key: Key, row: Subject) -> Hit:
    """A typed number needs no probability: it is this one."""
    reason = Reason(ReasonKind.NUMBER, str(getattr(row, "number", "")))
    return Hit(*key, score=1.0, probability=1.0, trusted=True, why=(reason,))
