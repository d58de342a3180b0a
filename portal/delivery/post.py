"""The post as the worker sees it: route what was committed, say whether anything is due, carry it, forget it.

Sending happens outside of any transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from portal.config import Settings
from portal.db import transaction
from portal.delivery import claims, hook_round, mail_round, routing
from portal.delivery.batch import Clock, Maker, take

#: How long done deliveries are kept for the administrators' page.
KEPT = timedelta(days=30)


def route(maker: Maker, settings: Settings, *, now: datetime) -> bool:
    """Make deliveries of what was committed; False when there was nothing."""
    with maker() as session:
        if not routing.is_waiting(session):
            return False
    with transaction(maker) as session:
        return routing.route(session, settings, now=now) > 0


def is_due(maker: Maker, settings: Settings, *, now: datetime) -> bool:
    """Is there anything to carry now?"""
    with maker() as session:
        return any(claims.is_due(session, mail=mail, now=now) for mail in _channels(settings))


def carry(maker: Maker, settings: Settings, *, clock: Clock) -> int:
    """Send one handful on each channel; returns how many deliveries were taken."""
    done = 0
    for mail in _channels(settings):
        batch = take(maker, settings, mail=mail, clock=clock)
        if batch.ids:
            (mail_round if mail else hook_round).carry(batch)
        done += len(batch.ids)
    return done


def forget(_settings: Settings, maker: Maker, *, clock: Clock) -> int:
    """Clear away what was done long ago."""
    with transaction(maker) as session:
        return routing.forget(session, before=clock() - KEPT)


def _channels(settings: Settings) -> Iterable[bool]:
    # Without a mail server mails wait for one; they are neither tried nor counted as failed.
    return (True, False) if settings.smtp_host else (False,)
