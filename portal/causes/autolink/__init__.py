"""Links that the system makes by itself: only what measured precision allows, marked, undoable, watched.

``consider`` decides one ticket, ``rounds`` does so for what was filed, ``standing`` measures what people made
of it and ``pauses`` stops it where it no longer keeps its promise. The model is ``indexer.linking``'s, the
link itself ``tickets.linking``'s. The invariants: a ticket that a person has judged is never linked; what the
system linked teaches it nothing until a person says that it is right.
"""

from portal.causes.autolink.deciding import WANTED, Considered, confirm, consider
from portal.causes.autolink.fates import Fate
from portal.causes.autolink.pauses import pause, pause_of, resume, watch
from portal.causes.autolink.standing import Standing, standing

__all__ = [
    "WANTED",
    "Considered",
    "Fate",
    "Standing",
    "confirm",
    "consider",
    "pause",
    "pause_of",
    "resume",
    "standing",
    "watch",
]
