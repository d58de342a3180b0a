"""The verbs of the desk, spoken to through one door: ``desk.move``, ``desk.file``, ``desk.urge``.

Filing, moving, talking, the clocks and what the system does by itself have modules of their own. Every deed
writes its trail entry and its notices in the same transaction; verbs never commit. They raise
:class:`kb.flow.Refused` with a sentence, :class:`Overtaken` when a colleague was faster.
"""

from portal.tickets.clocks import PAUSED, ZONE, clock_of
from portal.tickets.filing import TEXT_LIMIT, TITLE_LIMIT, Request, file, next_number, title_from
from portal.tickets.given import Given
from portal.tickets.moves import (
    Overtaken,
    actor_of,
    move,
    overtaken,
    situation_of,
)
from portal.tickets.relations.asking import Help, ask, attach, detach
from portal.tickets.relations.related import relate, unrelate
from portal.tickets.relations.watchers import invite, uninvite, watch
from portal.tickets.talk import URGE_EVERY, comment, link_article, urge
from portal.tickets.unattended import FIX_HOLDS, confirm_silent, release_parked, release_ready

__all__ = [
    "FIX_HOLDS",
    "PAUSED",
    "TEXT_LIMIT",
    "TITLE_LIMIT",
    "URGE_EVERY",
    "ZONE",
    "Given",
    "Help",
    "Overtaken",
    "Request",
    "actor_of",
    "ask",
    "attach",
    "clock_of",
    "comment",
    "confirm_silent",
    "detach",
    "file",
    "invite",
    "link_article",
    "move",
    "next_number",
    "overtaken",
    "relate",
    "release_parked",
    "release_ready",
    "situation_of",
    "title_from",
    "uninvite",
    "unrelate",
    "urge",
    "watch",
]
