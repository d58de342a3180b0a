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
from portal.tickets.models import Notice
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
        cast = Cast.of(session, dice)
        promises.promise(session, cast, today)
        editors = cast.holding(Post.EDITOR)
        shelf = library.shelve_articles(session, editors, cast.people, dice=dice, today=today)
        records = library.shelve_defects(
            session,
            cast.responsible(Post.EXPERT),
            cast.responsible(Post.ENGINEER),
            dice=dice,
            today=today,
        )
        systems = {system.code: system for system in session.scalars(select(System))}
        session.info[CLOCK] = today - timedelta(days=ASKED_SINCE)
        information.publish(session, systems, cast.holding(Post.ADMIN)[0])
        stage = Stage(session, cast, systems, shelf, records, dice, today)
        filed = play_all(stage, tickets, progress)
        stage.at(today)
        information.hand_a_shift_over(session, cast, to=cast.holding_agents()[0])
        if tickets >= TICKETS // 4:
            outages.play_outages(stage)
            complaints.play_complaints(stage)
            quality.play_quality(stage)
            tied.tie(stage)
            relapses.relapse(stage)
            autolinked.link(stage)
            stage.at(today)
            discovered.discover(stage)
        outages.announce(stage)
        keep_views(session, cast)
        voices.speak(session, today=today)
        _read_notices(session, today)
        robots.invite(session, cast.holding(Post.ADMIN)[0], today=today)
        neighbours.acquaint(session, editor=cast.holding(Post.EDITOR)[0], admin=cast.holding(Post.ADMIN)[0])
        searches.remember(session, filed, list(shelf.values()), cast.people, dice=dice, today=today)
        if tickets >= TICKETS // 4:
            gaps.dig(session, cast, dice=dice, today=today)
        keys.tackle(session, records, today=today)
        tended.tend(session, shelf, records, editors=editors, readers=cast.people, today=today)
        admin = cast.holding(Post.ADMIN)[0]
        told.tell_users(session, records, editor=editors[0], admin=admin, today=today)
        promises.plan(session, cast, today)
    finally:
        session.info.pop(CLOCK, None)
    session.flush()
