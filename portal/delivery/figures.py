"""How much waits, fails and was given up, by channel: for ``/metrics`` and the administrators' page."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.delivery.models import Delivery, Status

MAIL, HOOK = "mail", "webhook"
COUNTED = (Status.WAITING, Status.FAILED, Status.GIVEN_UP)


def standing(session: Session) -> Mapping[tuple[str, Status], int]:
    """Deliveries by channel and status; those that went well are not counted."""
    hook = Delivery.hook_id.is_not(None)
    rows = session.execute(
        select(hook, Delivery.status, func.count())
        .where(Delivery.status.in_(COUNTED))
        .group_by(hook, Delivery.status)
    )
    found = {(HOOK if by_hook else MAIL, Status(status)): count for by_hook, status, count in rows}
    return {
        (channel, status): found.get((channel, status), 0) for channel in (MAIL, HOOK) for status in COUNTED
    }
