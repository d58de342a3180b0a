"""What administrators did, written in the deed's own transaction; append only."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.people.models import AuditEntry, Person


def record(
    session: Session, action: str, subject: str, *, subject_id: object, by: Person, **detail: object
) -> AuditEntry:
    """Write one line; ``detail`` must never hold a password or a token."""
    entry = AuditEntry(
        at=now(session),
        by_id=by.id,
        action=action,
        subject=subject,
        subject_id=str(subject_id),
        detail=detail,
    )
    session.add(entry)
    session.flush()
    return entry


def entries(*, subject: str = "", subject_id: str = "") -> Select[AuditEntry]:
    """The lines about one thing, or all, newest first."""
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc())
    if subject:
        wanted = wanted.where(AuditEntry.subject == subject)
    return wanted.where(AuditEntry.subject_id == subject_id) if subject_id else wanted
