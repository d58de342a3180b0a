"""Searches that brought nothing trustworthy are kept for the editors, after the page was made.

What is kept, masked, and for how long is ``curation.gaps.searching``'s. The invariant: a search never
fails because it could not be written down.
"""

from __future__ import annotations

import logging
import re

from flask import Response, after_this_request
from sqlalchemy.exc import OperationalError

from indexer.document import Mode
from portal.curation.gaps import searching
from portal.web.request import db, me, write_now

#: Whoever types a number looks for one thing, and not for knowledge.
NUMBER = re.compile(r"\s*[A-Za-z]{2}[\w-]*\d{4,}\s*", re.ASCII)

_LOG = logging.getLogger(__name__)


def note_search(text: str, *, trusted: bool, mode: Mode | str, system: str = "") -> None:
    """Keep this search once the page is made, when it brought nothing; an index that is away says nothing."""
    if trusted or str(mode) == Mode.UNAVAILABLE or NUMBER.fullmatch(text):
        return
    person = me()

    @after_this_request
    def keep(response: Response) -> Response:
        if response.status_code == 200:
            _keep(text, person.id, system)
        return response


def _keep(text: str, person_id: int, system: str) -> None:
    try:
        searching.remember(write_now(), text, by=me(), system=system)
        db().commit()
    except OperationalError as trouble:
        _LOG.warning("a search of person %d was not kept: %s", person_id, trouble)
        db().rollback()
