"""Counting whether a key problem is gone: who runs its fix, and whether they have been quiet since.

Counted over every linked ticket, whoever looks: it is a figure of the record, no ticket is shown.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.models import Defect
from defects.proof import Proof
from defects.rollout import Standing
from defects.versions import runs_fix, version_key
from kb.columns import now
from portal.catalogue import rollout
from portal.catalogue.queries import ZONE
from portal.tickets.models import DefectLink, LinkVerdict, Ticket


def proof_of(session: Session, defect: Defect, *, zone: ZoneInfo = ZONE) -> Proof:
    """As of now. A ticket whose version nobody knows counts: it may come from where the fix runs."""
    counted = rollout.counts(rollout.squares(session, defect))
    reached = counted.get(Standing.FIXED, 0)
    units = sum(counted.values()) - counted.get(Standing.UNKNOWN, 0)
    if defect.fixed_at is None:
        return Proof(None, 0, units, reached, 0)
    rows = session.execute(
        select(Ticket.filed_at, Ticket.running_version)
        .join(DefectLink, DefectLink.ticket_id == Ticket.id)
        .where(DefectLink.defect_id == defect.id, DefectLink.verdict == LinkVerdict.LINKED)
        .where(Ticket.filed_at > defect.fixed_at)
    )
    again = [at for at, version in rows if not version_key(version) or runs_fix(version, defect.fixed_in)]
    today = now(session).astimezone(zone).date()
    fixed_on = defect.fixed_at.astimezone(zone).date()
    last_on = max(again).astimezone(zone).date() if again else None
    return Proof(fixed_on, (today - (last_on or fixed_on)).days, units, reached, len(again), last_on)
