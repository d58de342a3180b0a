"""Who follows which article in the sample: the demonstration's employee, and an agent."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from sqlalchemy.orm import Session

from kb.models import Article
from kb.queries import is_readable
from portal.curation.following import follows
from portal.people.models import Person
from portal.people.queries import viewer_of

EACH = 3


def follow(session: Session, shelf: Iterable[Article], *, by: Iterable[Person]) -> None:
    """The first few of the shelf that each of them may read."""
    articles = list(shelf)
    for person in by:
        viewer = viewer_of(person)
        for article in islice((row for row in articles if is_readable(row, viewer)), EACH):
            follows.follow(session, article, by=person)
