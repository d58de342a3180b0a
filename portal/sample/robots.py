"""A robot of the sample desk: switched off, at an address that exists nowhere, so that the page shows one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.delivery.models import Kind, Webhook
from portal.people.models import Person

EVENTS = ("urged", "reopened", "complained", "recurred", "update_due")


def invite(session: Session, admin: Person, *, today: datetime) -> None:
    """It is never sent anything: it isn't active, and names under ``.example`` lead nowhere."""
    session.add(
        Webhook(
            name="营销值班群（示例）",
            kind=Kind.WECOM,
            url="https://robot.lhgrid.example/webhook/send?key=demo",
            events=list(EVENTS),
            systems=[],
            active=False,
            created_at=today,
            created_by_id=admin.id,
        )
    )
    session.flush()
