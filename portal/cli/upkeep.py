"""The work that goes on behind the pages: the outbox into the index, silence confirmed, damage healed.

One loop serves ``tierdesk worker`` and the thread of ``tierdesk demo``. What is done now and then is a
row of ``JOBS``: a further job is a further row. The invariant: nothing that happens in a round ends the
loop, and a job that fails holds up no other; a fault is logged once and the next round comes later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from indexer.document import Mode
from indexer.generation import Broken
from indexer.index import Index
from indexer.lock import Busy
from portal.causes.alarms.round import watch_for_recurrence
from portal.causes.teaching.gathering import keep_queue
from portal.causes.wall.upkeep import keep_twins, keep_wall
from portal.cli.bulk_work import carry_bulk_on, forget_bulk
from portal.cli.coming_back import follow_questions
from portal.cli.curating import count_standings, find_pairs, keep_time, look_for_decay
from portal.cli.deadlines import watch_deadlines
from portal.cli.discovering import watch_for_bursts
from portal.cli.feeding import holder_name, let_go
from portal.cli.followed import tell_of_articles
from portal.cli.importing_work import carry_imports_on, forget_imports, read_uploads
from portal.cli.key_days import remind_of_key_days
from portal.cli.known_errors import follow_repairs
from portal.cli.linking_work import link_what_is_sure
from portal.cli.nightly import Nightly
from portal.cli.pack_work import carry_packs_on, forget_packs
from portal.cli.place import moment
from portal.cli.postman import Postman
from portal.cli.promises import hold_to_promises
from portal.cli.quarantine import scan_files, tidy_files
from portal.cli.sampling import draw_samples
from portal.cli.voicing import voice_problems
from portal.config import Settings
from portal.curation.gaps.upkeep import keep_gaps
from portal.db import count_for_planner, transaction
from portal.delivery.post import forget
from portal.finder.consumer import consume
from portal.finder.upkeep import compare, heal, repair
from portal.people.models import LoginSession
from portal.tickets.desk import confirm_silent, release_ready

IDLE_S = 0.5
LONGEST_PAUSE_S = 30.0
REBUILD_AGAIN = timedelta(minutes=5)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One of the rarer jobs; ``run`` opens and commits its own transactions."""

    name: str
    every: timedelta
    run: Callable[[Settings, sessionmaker[Session]], object]


def confirm_and_release(settings: Settings, maker: sessionmaker[Session]) -> None:
    """Close what the users have silently accepted, wake what waited for a fix that has come."""
    with transaction(maker) as session:
        closed = confirm_silent(session, moment(), days=settings.confirm_after_days)
        release_ready(session)
    if closed:
        _LOG.info("%d tickets were confirmed by silence", len(closed))


def forget_sessions(_settings: Settings, maker: sessionmaker[Session]) -> None:
    """Delete the browser sessions that have ended by themselves; they open nothing any more."""
    with transaction(maker) as session:
        session.execute(delete(LoginSession).where(LoginSession.expires_at < moment()))


def count_rows(_settings: Settings, maker: sessionmaker[Session]) -> None:
    """What the database's planner goes by; a desk that was just filled has to be counted at once."""
    with transaction(maker) as session:
        count_for_planner(session)


# fmt: off
#: In the order in which they run when several are due; each is due once when the loop begins.
JOBS: tuple[Job, ...] = (
    Job("planner", timedelta(hours=12), count_rows),
    Job("clocks", timedelta(minutes=5), confirm_and_release),
    Job("deadlines", timedelta(minutes=1), watch_deadlines),
    Job("promises", timedelta(minutes=1), hold_to_promises),
    Job("key problems", timedelta(minutes=10), remind_of_key_days),
    Job("samples", timedelta(minutes=5), draw_samples),
    Job("bursts", timedelta(minutes=5), watch_for_bursts),
    Job("quarantine", timedelta(seconds=2), scan_files),
    Job("orphans", timedelta(hours=6), tidy_files),
    Job("old sessions", timedelta(hours=6), forget_sessions),
    Job("old post", timedelta(hours=12), partial(forget, clock=moment)),
    Job("questions", timedelta(minutes=10), follow_questions),
    Job("bulk", timedelta(seconds=5), carry_bulk_on),
    Job("forget bulk", timedelta(hours=6), forget_bulk),
    Job("uploads", timedelta(seconds=2), read_uploads),
    Job("imports", timedelta(seconds=5), carry_imports_on),
    Job("forget imports", timedelta(hours=6), forget_imports),
    Job("packs", timedelta(seconds=5), carry_packs_on),
    Job("forget packs", timedelta(hours=12), forget_packs),
    Job("articles in time", timedelta(minutes=1), keep_time),
    Job("articles followed", timedelta(minutes=1), tell_of_articles),
    Job("articles decaying", timedelta(minutes=20), look_for_decay),
    Job("articles' standing", timedelta(hours=1), count_standings),
    Job("known errors", timedelta(minutes=2), follow_repairs),
    Job("reports to the responsible", timedelta(minutes=10), voice_problems),
)
# fmt: on


@dataclass(slots=True)
class Upkeep:
    """What the loop works on, and when each of its rarer jobs is due."""

    settings: Settings
    maker: sessionmaker[Session]
    index: Index
    stop: threading.Event = field(default_factory=threading.Event)
    holder: str = field(default_factory=holder_name)
    due: dict[str, datetime] = field(default_factory=dict)
    behind: threading.Thread | None = None
    jobs: tuple[Job, ...] = JOBS
    nightly: Nightly = field(init=False)
    postman: Postman = field(init=False)

    def __post_init__(self) -> None:
        self.nightly = Nightly(self.settings, self.maker)
        self.postman = Postman(self.settings, self.maker)
        self.jobs += (
            Job("post", timedelta(seconds=2), lambda *_: self.postman.round()),
            Job("compare", timedelta(hours=6), lambda *_: self.compare()),
            Job("articles alike", timedelta(hours=6), lambda *_: find_pairs(self.maker, self.index)),
            Job(
                "automatic links",
                timedelta(seconds=15),
                lambda *_: link_what_is_sure(self.settings, self.maker, self.index),
            ),
            Job(
                "recurrence",
                timedelta(minutes=1),
                lambda *_: watch_for_recurrence(self.maker, self.index, wanted=self.settings.link_precision),
            ),
            Job("records alike", timedelta(hours=6), lambda *_: keep_twins(self.maker, self.index)),
            Job("wall", timedelta(minutes=2), lambda *_: keep_wall(self.maker, self.index)),
            Job("gaps", timedelta(minutes=5), lambda *_: keep_gaps(self.maker, self.index)),
            Job("learn", timedelta(minutes=20), lambda *_: self.nightly.round(moment())),
            Job("learn now", timedelta(seconds=5), lambda *_: self.nightly.answer(moment())),
            Job("what to ask judges", timedelta(minutes=2), lambda *_: keep_queue(self.maker, self.index)),
        )

    def run(self) -> None:
        """Until told to stop; a round in progress is finished first."""
        pause = IDLE_S
        while not self.stop.is_set():
            pause = IDLE_S if self.round() else min(LONGEST_PAUSE_S, pause * 2)
            self.stop.wait(pause)
        self.nightly.stop()
        self.postman.stop()
        let_go(self.maker, self.holder)

    def round(self) -> bool:
        """One pass over everything that is due; False when something stood in the way."""
        went = self._goes("the index", self._feed)
        for job in self.jobs:
            if self._is_due(job.name, job.every):
                went &= self._goes(job.name, partial(job.run, self.settings, self.maker))
        return went

    def _feed(self) -> None:
        self.heal()
        consume(self.maker, self.index, holder=self.holder, now=moment())

    def _goes(self, name: str, work: Callable[[], object]) -> bool:
        try:
            work()
        except (SQLAlchemyError, Broken, Busy, OSError) as trouble:
            _LOG.warning("upkeep has to wait (%s): %s: %s", name, type(trouble).__name__, trouble)
            return False
        except Exception:  # noqa: BLE001 - damaged index files raise anything, and the clocks must go on
            _LOG.exception("a round of upkeep failed (%s)", name)
            return False
        return True

    def heal(self) -> None:
        """At once when nothing can be found; behind the rounds when the old index still serves, so that
        what is published meanwhile is found."""
        if self.index.needs_rebuild is None or self.index.status().mode == Mode.UNAVAILABLE:
            heal(self.maker, self.index)
        elif not self._rebuilds() and self._is_due("rebuild", REBUILD_AGAIN):
            self.behind = threading.Thread(target=self._heal_behind, name="rebuild", daemon=True)
            self.behind.start()

    def _rebuilds(self) -> bool:
        return self.behind is not None and self.behind.is_alive()

    def _heal_behind(self) -> None:
        try:
            heal(self.maker, self.index)
        except Exception:  # noqa: BLE001 - a thread of its own: whatever fails is logged and tried again later
            _LOG.exception("the index could not be rebuilt, the old one goes on serving")

    def _is_due(self, job: str, every: timedelta) -> bool:
        at = moment()
        if self.due.get(job, at) > at:
            return False
        self.due[job] = at + every
        return True

    def compare(self) -> None:
        """Find what passed by the outbox."""
        started = monotonic()
        repaired = repair(self.maker, self.index, compare(self.maker, self.index))
        if repaired:
            _LOG.warning("%d documents differed and were repaired in %.1f s", repaired, monotonic() - started)
