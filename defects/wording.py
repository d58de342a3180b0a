"""What a list of records is searched in: one folded text per record, the same for every database.

Symptoms and codes are JSON lists, which databases store and search each in their own way. The data-fix
recipe stays out: not everybody who searches may read it. The invariant: both sides fold alike.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from defects.models import Defect
from defects.signatures import codes_in
from indexer.characters import fold

LONGEST = 100_000


def gathered(defect: Defect) -> str:
    """Everything a record says, for :func:`says`."""
    parts = (
        *(defect.number, defect.title, *defect.symptoms, *defect.codes, *defect.affected),
        *(defect.fixed_in, defect.workaround, defect.cause, defect.fix, defect.reproduce),
    )
    return fold("\n".join(part for part in parts if part))[:LONGEST]


def says(text: str) -> ColumnElement[bool]:
    """Does a record say every one of these words, an error code in whatever spelling?"""
    words = and_(*(_holds(word) for word in text.split()))
    codes = [_holds(code) for code in codes_in(text)]
    return or_(words, and_(*codes)) if codes else words


def _holds(word: str) -> ColumnElement[bool]:
    literal = fold(word).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return Defect.said.like(f"%{literal}%", escape="\\")
