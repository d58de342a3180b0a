"""An article that did not help goes with the ticket that is filed because of it.

The invariant: it stands in the filer's own session of suggestion, opened, beside whatever they were shown.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from kb.columns import now
from kb.models import Article
from portal.finder import suggest
from portal.finder.found import Found
from portal.finder.models import Consultation, Outcome, Shown
from portal.finder.sources import ARTICLE
from portal.people.models import Person

#: Sessions that began with an article that somebody had found by themselves.
PLACE = "reading"
ENDED = frozenset({Outcome.SOLVED, Outcome.FILED})


def carry(
    session: Session, token: str | None, *, by: Person, text: str, system: str | None, article: Article
) -> Consultation:
    """Note that they read this article before; a session begins where none is open."""
    consultation = suggest.consultation_of(session, token, by=by)
    if consultation is None or consultation.outcome in ENDED:
        consultation = suggest.begin(session, Found(), by=by, text=text, system=system, place=PLACE)
    rows = consultation.shown
    row = next((row for row in rows if (row.kind, row.subject_id) == (ARTICLE, article.id)), None)
    if row is None:
        row = Shown(kind=ARTICLE, subject_id=article.id, rank=len(rows) + 1)
        rows.append(row)
    row.opened_at = row.opened_at or now(session)
    session.flush()
    return consultation
