"""How a gap went on after its article was there: before and after, and what the askers met since.

The statistics are ``shrinkage``'s. One person asking several times a day counts once. The invariant: the
same number of statements for any number of gaps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.catalogue.queries import ZONE
from portal.curation.gaps.gathering import REACH
from portal.curation.gaps.models import Gap, GapAsk
from portal.curation.gaps.shrinkage import Shrinkage, Stretch, compared
from portal.finder.models import Consultation, Outcome
from portal.finder.sources import ARTICLE
from portal.tickets.models import ArticleLink

#: At most so much before the article is compared with at most so much after it.
BEFORE = timedelta(days=56)
AFTER = timedelta(days=90)
DAY = timedelta(days=1)
WEEKS = 26


@dataclass(frozen=True, slots=True)
class Met:
    """What those met who asked since the article is there."""

    by_themselves: int
    by_the_desk: int
    in_vain: int

    @property
    def whole(self) -> int:
        return self.by_themselves + self.by_the_desk + self.in_vain

    @property
    def share(self) -> float | None:
        """The share that found the answer without the desk."""
        return self.by_themselves / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Week:
    begins: date
    asks: int
    is_after: bool


def courses(session: Session, gaps: Sequence[Gap]) -> dict[int, Shrinkage]:
    """Gap → how it went on, for those that were settled."""
    settled = [gap for gap in gaps if gap.solved_at is not None]
    days = _asked(session, [gap.id for gap in settled])
    moment = now(session)
    return {gap.id: _course(gap.solved_at, days[gap.id], moment) for gap in settled if gap.solved_at}


def _course(since: datetime, asked: Sequence[datetime], moment: datetime) -> Shrinkage:
    until = min(moment, since + AFTER)
    before = sum(since - BEFORE <= at < since for at in asked)
    after = sum(since <= at < until for at in asked)
    return compared(Stretch(before, BEFORE / DAY), Stretch(after, max(0.0, (until - since) / DAY)))


def _asked(session: Session, ids: Sequence[int]) -> Mapping[int, list[datetime]]:
    """The first asking of each person on each day."""
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    if not ids:
        return found
    rows = session.execute(
        select(GapAsk.gap_id, func.min(GapAsk.at))
        .where(GapAsk.gap_id.in_(ids), GapAsk.at >= now(session) - REACH - BEFORE)
        .group_by(GapAsk.gap_id, GapAsk.person_id, GapAsk.day)
    )
    for gap, at in rows:
        if gap is not None and at is not None:
            found[gap].append(at)
    return found


def weeks_of(session: Session, gap: Gap) -> list[Week]:
    """Askings by week, the oldest first, for the last half year."""
    asked = _asked(session, [gap.id])[gap.id]
    today = now(session).astimezone(ZONE).date()
    monday = today - timedelta(days=today.weekday())
    counts = [0] * WEEKS
    for at in asked:
        back = (monday - at.astimezone(ZONE).date()).days
        place = WEEKS - 1 - (-(-back // 7) if back > 0 else 0)
        if place >= 0:
            counts[place] += 1
    since = gap.solved_at.astimezone(ZONE).date() if gap.solved_at else None
    begins = [monday - timedelta(weeks=WEEKS - 1 - place) for place in range(WEEKS)]
    return [
        Week(day, count, since is not None and day >= since)
        for day, count in zip(begins, counts, strict=True)
    ]


def met_since(session: Session, gap: Gap) -> Met | None:
    """What the askers met since the article is there; None while there is none."""
    if gap.solved_at is None or gap.article_id is None:
        return None
    solved = select(func.count()).where(
        Consultation.outcome == Outcome.SOLVED,
        Consultation.solved_kind == ARTICLE,
        Consultation.solved_id == gap.article_id,
        Consultation.ticket_id.is_(None),
        Consultation.at >= gap.solved_at,
    )
    told = select(func.count(ArticleLink.ticket_id.distinct())).where(
        ArticleLink.article_id == gap.article_id, ArticleLink.at >= gap.solved_at
    )
    asked = _asked(session, [gap.id])[gap.id]
    in_vain = sum(at >= gap.solved_at for at in asked)
    return Met(session.scalar(solved) or 0, session.scalar(told) or 0, in_vain)
