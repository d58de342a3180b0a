"""Learning by night: the worker starts ``tierdesk learn`` as a process of its own when enough was judged.

Or at once, when somebody asked for it on the page. Never in a web process, and not in the worker's own
either: pages and index go on while it learns. The invariant: at most one learns; unasked, at most once a
night and only after enough new judgements.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session, sessionmaker

from portal.config import Settings
from portal.db import transaction
from portal.finder.judgements import how_many
from portal.finder.lessons import runs

#: Hours of the night, local time, in which learning may begin.
NIGHT = range(1, 5)
APART = timedelta(hours=20)
NICE = 10

_LOG = logging.getLogger(__name__)


class Child(Protocol):
    def poll(self) -> int | None: ...

    def terminate(self) -> None: ...


def started(settings: Settings) -> Child:
    """The command itself, on the same installation, with a low claim on the processor."""
    own = {
        "TIERDESK_DATA_DIR": str(settings.data_dir),
        "TIERDESK_DATABASE_URL": settings.database_url,
        "TIERDESK_INDEX_DIR": str(settings.index_dir),
        "TIERDESK_ENCODER": settings.encoder,
    }
    code = f"import os; os.nice({NICE}); from portal.cli import main; main()"
    return subprocess.Popen(  # noqa: S603 - our own command with our own words
        [sys.executable, "-P", "-c", code, "learn", "--json"],
        env={**os.environ, **own},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@dataclass(slots=True)
class Nightly:
    settings: Settings
    maker: sessionmaker[Session]
    start: Callable[[Settings], Child] = started
    count: Callable[[Session], int] = how_many
    child: Child | None = None

    def round(self, at: datetime) -> bool:
        """Begin when it is time; whether learning was begun now."""
        if self._learns():
            return False
        if not self.settings.learn_after or at.astimezone(self.settings.zone).hour not in NIGHT:
            return False
        last, then = self._last()
        with self.maker() as session:
            judged = self.count(session)
        if (last is not None and at - last < APART) or judged - then < self.settings.learn_after:
            return False
        _LOG.info("learning from %d judgements, %d of them new", judged, judged - then)
        self._begin(at, judged)
        return True

    def answer(self, at: datetime) -> bool:
        """Begin at any hour when somebody asked on the page; whether learning was begun now."""
        if self._learns():
            return False
        with self.maker() as session:
            asked = runs.waiting(session) is not None
            judged = self.count(session) if asked else 0
        if asked:
            _LOG.info("learning, as somebody asked")
            self._begin(at, judged)
        return asked

    def _learns(self) -> bool:
        if self.child is None or self.child.poll() is None:
            return self.child is not None
        self.child = None
        self._close()
        return False

    def _close(self) -> None:
        """Whatever the child left open will not end any more."""
        with transaction(self.maker) as session:
            runs.abandon(session)

    def _begin(self, at: datetime, judged: int) -> None:
        self._remember(at, judged)
        self.child = self.start(self.settings)

    def stop(self) -> None:
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
            self._close()

    @property
    def _path(self) -> Path:
        return self.settings.index_dir / "learned.json"

    def _last(self) -> tuple[datetime | None, int]:
        """When it was begun last, and how many judgements there were."""
        try:
            held = json.loads(self._path.read_text(encoding="utf-8"))
            return datetime.fromisoformat(held["at"]), int(held["judged"])
        except (OSError, ValueError, KeyError, TypeError):
            return None, 0

    def _remember(self, at: datetime, judged: int) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.write_text(json.dumps({"at": at.isoformat(), "judged": judged}), encoding="utf-8")
