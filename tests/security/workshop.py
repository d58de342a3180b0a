"""What editors' rooms know of the articles on the shelves: gaps, verdicts, flags, standings, evidence, pairs;
and that everybody follows each of them, from before it left those who may no longer read it.

Every article is named there at least once, so that a room which shows it to the wrong eyes is caught.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy.orm import Session

from kb import articles
from kb.models import Article, Reason
from portal.curation.decay import looking
from portal.curation.following.follows import latest_revision
from portal.curation.following.models import ArticleFollower
from portal.curation.gaps.models import AskKind, Gap, GapAsk
from portal.curation.quality import standing
from portal.curation.quality.models import AlikePair
from tests.world import World


def furnish(session: Session, world: World, rows: Sequence[Article]) -> None:
    """Name every article in every room."""
    moment = datetime.now(UTC)
    for row in rows:
        articles.rate(session, row, by=world.people["wang"].id, solved=False, reason=Reason.OUTDATED)
        articles.rate(session, row, by=world.people["zhao"].id, solved=True)
        articles.flag(session, row, by=world.people["agent"].id, words="截图是旧的")
        row.review_on = (moment - timedelta(days=3)).date()
    _gaps(session, world, rows, moment)
    _followers(session, world, rows, moment)
    session.add_all(
        AlikePair(one_id=one.id, other_id=other.id, likeness=0.9) for one, other in pairwise(rows)
    )
    session.flush()
    standing.look(session, today=moment.date(), at=moment)
    looking.look(session, today=moment.date(), at=moment)


def _gaps(session: Session, world: World, rows: Sequence[Article], moment: datetime) -> None:
    wang = world.people["wang"]
    for place, row in enumerate(rows):
        gap = Gap(
            system="mkt",
            title=f"问不到 {place}",
            nearest_id=row.id,
            article_id=row.id if place % 2 else None,
            created_at=moment,
            updated_at=moment,
        )
        session.add(gap)
        session.flush()
        asked = {"at": moment, "day": moment.date(), "text": f"问不到 {place}", "system": "mkt"}
        session.add(
            GapAsk(
                kind=AskKind.SEARCH,
                source_id=place,
                gap_id=gap.id,
                person_id=wang.id,
                unit_id=wang.unit_id,
                placed_at=moment,
                **asked,
            )
        )


def _followers(session: Session, world: World, rows: Sequence[Article], moment: datetime) -> None:
    """They knew it by another title, and that is all they still see where it is no longer theirs to read."""
    session.add_all(
        ArticleFollower(
            article_id=row.id,
            person_id=person.id,
            since=moment,
            revision=latest_revision(session, row),
            title="从前的题目",
            looked_at=moment,
        )
        for row in rows
        for person in world.people.values()
    )
