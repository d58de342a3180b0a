"""What somebody may bring in: nothing for readers whose texts they may not read themselves.

Who may change which article is for the table of an article's life; it is asked with the importer's duties.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from indexer.words import N_
from kb.audience import AUDIENCE_LABELS
from kb.importing.loading import Settle
from kb.importing.outcome import BadRow
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.tickets.references import References


def settling(session: Session, by: Person | None) -> Settle:
    """Names become codes; what ``by`` may not read is refused. None is the operator of the machine."""
    references = References(session)
    levels = viewer_of(by).levels if by is not None else None

    def settle(values: dict[str, Any]) -> dict[str, Any]:
        audience = values["audience"]
        if levels is not None and audience not in levels:
            raise BadRow(
                N_("您的岗位看不到给“%(audience)s”的知识，不能导入。")
                % {"audience": AUDIENCE_LABELS[audience]}
            )
        return references.of_article(values)

    return settle
