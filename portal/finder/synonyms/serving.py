"""The desk's own groups for whoever asks the index: read once, and again when the table has changed.

Kept for each database, because tests and commands may open several in one process.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from portal.finder.synonyms.models import SynonymGroup

Groups = tuple[tuple[str, ...], ...]
_HELD: WeakKeyDictionary[Engine, tuple[Any, Groups]] = WeakKeyDictionary()


def own_groups(session: Session) -> Groups:
    """Every group in use; one small query when nothing has changed."""
    mark = session.execute(
        select(func.count(), func.max(SynonymGroup.at), func.max(SynonymGroup.removed_at))
    ).one()
    engine = session.get_bind().engine
    held = _HELD.get(engine)
    if held is None or held[0] != tuple(mark):
        _HELD[engine] = held = tuple(mark), _read(session) if mark[0] else ()
    return held[1]


def _read(session: Session) -> Groups:
    rows = select(SynonymGroup.words).where(SynonymGroup.removed_at.is_(None)).order_by(SynonymGroup.id)
    return tuple(tuple(words) for words in session.scalars(rows))
