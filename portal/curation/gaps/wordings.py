"""In which words gaps were asked lately. Nothing is judged or put together here, and nothing changed.

The invariant: one query, however many gaps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.curation.gaps.models import GapAsk


def latest_said(session: Session, ids: Sequence[int], *, most: int) -> defaultdict[int, list[str]]:
    """Gap → how it was asked, the latest first, at most so often; those asked nowhere are empty."""
    latest = func.row_number().over(partition_by=GapAsk.gap_id, order_by=GapAsk.id.desc()).label("latest")
    ranked = select(GapAsk.gap_id, GapAsk.text, latest).where(GapAsk.gap_id.in_(ids)).subquery()
    rows = session.execute(select(ranked).where(ranked.c.latest <= most).order_by(ranked.c.latest))
    found: defaultdict[int, list[str]] = defaultdict(list)
    for gap, text, _ in rows:
        found[gap].append(text)
    return found
