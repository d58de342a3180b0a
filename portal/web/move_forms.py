"""What a step of an article's life is given by a form: moments and days as the desk's clock has them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import request

from indexer.words import N_
from kb.flow import Refused
from kb.life import Given
from kb.models import AtExpiry
from portal.web.request import parts


def given_by_form() -> Given:
    """Everything that any step may ask for; what a step doesn't ask for it doesn't look at."""
    chosen = request.form.get("at_expiry", "")
    return Given(
        publish_at=moment_in(request.form.get("publish_at", ""), parts().settings.zone),
        expires_on=day_in(request.form.get("expires_on", "")),
        at_expiry=AtExpiry(chosen) if chosen in set(AtExpiry) else AtExpiry.RECHECK,
        until=day_in(request.form.get("until", "")),
    )


def moment_in(text: str, zone: ZoneInfo) -> datetime | None:
    """A moment as people write it here, without a zone."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=zone)
    except ValueError:
        raise Refused(N_("请把时间写成 2026-03-05 14:30 这样。")) from None


def day_in(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refused(N_("请把日期写成 2026-03-05 这样。")) from None
