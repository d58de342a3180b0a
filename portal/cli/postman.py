"""The post beside the rounds of upkeep: routing in the round, sending in a thread of its own.

A mail server or a robot that is slow must not hold up the index and the clocks. The invariant: at most one
thread sends for one worker, it is only started when something is due, and no fault of it ends the loop.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from portal.cli.place import moment
from portal.config import Settings
from portal.delivery import post

#: Handfuls in one go; then the next round looks again.
MOST = 50
WAIT_AT_END_S = 15.0

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Postman:
    """What carries on what the desk has told."""

    settings: Settings
    maker: sessionmaker[Session]
    behind: threading.Thread | None = None
    ending: threading.Event = field(default_factory=threading.Event)

    def round(self) -> None:
        """Make deliveries of what was committed, and see that somebody sends what is due."""
        while post.route(self.maker, self.settings, now=moment()):
            pass
        if self._walks() or not post.is_due(self.maker, self.settings, now=moment()):
            return
        self.behind = threading.Thread(target=self._walk, name="post", daemon=True)
        self.behind.start()

    def stop(self) -> None:
        """Finish the handful under way; what is left is sent by the next worker."""
        self.ending.set()
        if self.behind is not None:
            self.behind.join(timeout=WAIT_AT_END_S)

    def _walks(self) -> bool:
        return self.behind is not None and self.behind.is_alive()

    def _walk(self) -> None:
        try:
            for _handful in range(MOST):
                if self.ending.is_set() or not post.carry(self.maker, self.settings, clock=moment):
                    return
        except (SQLAlchemyError, OSError) as trouble:
            _LOG.warning("the post has to wait: %s: %s", type(trouble).__name__, trouble)
        except Exception:  # noqa: BLE001 - a thread of its own: whatever fails is logged and tried again later
            _LOG.exception("a round of the post failed")
