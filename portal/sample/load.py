"""``fill``: write the whole sample desk into an empty database. Seeded; commits are the caller's."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from kb.columns import CLOCK
from portal.catalogue.models import System
from portal.people.models import Person
from portal.people.roles import Post
from portal.sample import (
    autolinked,
    company,
    complaints,
    discovered,
    followed,
    gaps,
    information,
    keys,
    library,
    neighbours,
    outages,
    promises,
    quality,
    relapses,
    robots,
    searches,
    tended,
    tied,
    told,
    voices,
)
from portal.sample.cast import Cast
from portal.sample.halfyear import DAYS, Stage, play_all
from portal.sample.views import keep_views
from portal.tickets.models import Notice, Ticket
from portal.tickets.telling.models import Happening

SEED = 20260101
TICKETS = 2000
#: For how many days the information forms have been asking.
ASKED_SINCE = 30


def is_empty(session: Session) -> bool:
    """Is there nobody yet?"""
    return not session.scalar(select(func.count()).select_from(Person))


def _read_notices(session: Session, today: datetime) -> None:
    """Everybody has read what is older than two days; none of it is carried anywhere any more."""
    session.flush()
    session.execute(update(Notice).values(routed_at=Notice.at).execution_options(synchronize_session=False))
    session.execute(delete(Happening))
    old = update(Notice).where(Notice.at < today - timedelta(days=2))
    session.execute(old.values(read_at=Notice.at).execution_options(synchronize_session=False))


def fill(
    session: Session,
    *,
    password_hash: str,
    now: datetime | None = None,
    tickets: int = TICKETS,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Fill an empty database with the sample company and half a year of its work.

    ``progress`` is called with the number of tickets done since the last call.
    """
    today = (now or datetime.now(UTC)).replace(second=0, microsecond=0)
    dice = random.Random(SEED)  # noqa: S311 - believable, not secret
    session.info[CLOCK] = today - timedelta(days=DAYS + 300)
    try:
        company.found(session, password_hash)
        stage = _stage(session, dice, today)
        filed = play_all(stage, tickets, progress)
        stage.at(today)
        _play_on(stage, whole=tickets >= TICKETS // 4)
        _look_back(stage, filed, whole=tickets >= TICKETS // 4)
    finally:
        session.info.pop(CLOCK, None)
    session.flush()


def _stage(session: Session, dice: random.Random, today: datetime) -> Stage:
    """Everything that is there before the first ticket: people, levels, articles, records, forms."""
    cast = Cast.of(session, dice)
    promises.promise(session, cast, today)
    shelf = library.shelve_articles(session, cast.holding(Post.EDITOR), cast.people, dice=dice, today=today)
    records = library.shelve_defects(
        session, cast.responsible(Post.EXPERT), cast.responsible(Post.ENGINEER), dice=dice, today=today
    )
    systems = {system.code: system for system in session.scalars(select(System))}
    session.info[CLOCK] = today - timedelta(days=ASKED_SINCE)
    information.publish(session, systems, cast.holding(Post.ADMIN)[0])
    return Stage(session, cast, systems, shelf, records, dice, today)


def _play_on(stage: Stage, *, whole: bool) -> None:
    """What happens beside the tickets; outages and the work on quality only where there are enough."""
    session, cast = stage.session, stage.cast
    information.hand_a_shift_over(session, cast, to=cast.holding_agents()[0])
    if whole:
        outages.play_outages(stage)
        complaints.play_complaints(stage)
        quality.play_quality(stage)
        tied.tie(stage)
        relapses.relapse(stage)
        autolinked.link(stage)
        stage.at(stage.today)
        discovered.discover(stage)
    outages.announce(stage)
    keep_views(session, cast)
    voices.speak(session, today=stage.today)
    _read_notices(session, stage.today)


def _look_back(stage: Stage, filed: list[Ticket], *, whole: bool) -> None:
    """What came of it: neighbours, searches, gaps, articles that were looked after, plans."""
    session, cast, dice, today = stage.session, stage.cast, stage.dice, stage.today
    editors, admin = cast.holding(Post.EDITOR), cast.holding(Post.ADMIN)[0]
    robots.invite(session, admin, today=today)
    neighbours.acquaint(session, editor=editors[0], admin=admin)
    searches.remember(session, filed, list(stage.shelf.values()), cast.people, dice=dice, today=today)
    if whole:
        gaps.dig(session, cast, dice=dice, today=today)
    keys.tackle(session, stage.records, today=today)
    tended.tend(session, stage.shelf, stage.records, editors=editors, readers=cast.people, today=today)
    told.tell_users(session, stage.records, editor=editors[0], admin=admin, today=today)
    followed.follow(session, stage.shelf.values(), by=[cast.requesters[0], cast.holding_agents()[0]])
    promises.plan(session, cast, today)
