"""Searches that brought nothing trustworthy are kept for the editors, after the page was sent.

What is kept, masked, and for how long is ``curation.gaps.searching``'s. The invariant: a search never
fails because it could not be written down.
"""

from __future__ import annotations

import logging
import re
from functools import partial

from flask import Response, after_this_request
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from indexer.document import Mode
from portal.curation.gaps import searching
from portal.db import transaction
from portal.people.models import Person
from portal.web.request import me, parts

#: Whoever types a number looks for one thing, and not for knowledge.
NUMBER = re.compile(r"\s*[A-Za-z]{2}[\w-]*\d{4,}\s*", re.ASCII)

_LOG = logging.getLogger(__name__)


def note_search(text: str, *, trusted: bool, mode: Mode | str, system: str = "") -> None:
    """Keep this search, when it brought nothing, once its page is sent: whoever searches waits for none of
    it. An index that is away says nothing."""
    if trusted or str(mode) == Mode.UNAVAILABLE or NUMBER.fullmatch(text):
        return
    later = partial(_keep, parts().maker, text, me().id, system)

    @after_this_request
    def keep(response: Response) -> Response:
        if response.status_code == 200:
            response.call_on_close(later)
        return response


def _keep(maker: sessionmaker[Session], text: str, person_id: int, system: str) -> None:
    try:
        with maker() as session:
            person = session.get_one(Person, person_id)
            ask = searching.worth_keeping(session, text, by=person, system=system)
        if ask is not None:
            with transaction(maker) as session:
                session.add(ask)
    except OperationalError as trouble:
        _LOG.warning("a search of person %d was not kept: %s", person_id, trouble)
