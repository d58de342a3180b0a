"""A handful of messages to robots: built, signed, posted, marked.

The invariant: one robot that doesn't answer costs one waiting time a round, not one for each message.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from indexer.words import N_
from kb.flow import Refused
from portal.delivery import hooks, wire
from portal.delivery.batch import Batch
from portal.delivery.claims import Trouble
from portal.delivery.languages import speaker
from portal.delivery.models import Delivery
from portal.tickets.telling.models import Happening

PAUSED = Trouble(N_("机器人已停用。"))


def carry(batch: Batch) -> None:
    """Post what the batch holds, in the order in which it happened."""
    silent: dict[int, Trouble] = {}
    left = list(batch.ids)
    for row in _loaded(batch):
        if batch.clock() >= batch.until:
            break
        left.remove(row.id)
        if row.hook is None or not row.hook.active:
            batch.skipped([row.id], PAUSED)
        elif (trouble := silent.get(row.hook.id) or _posted(batch, row, silent)) is not None:
            batch.failed([row.id], trouble)
        else:
            batch.sent([row.id])
    batch.put_back(left)


def _loaded(batch: Batch) -> list[Delivery]:
    with batch.maker() as session:
        rows = (
            select(Delivery)
            .where(Delivery.id.in_(batch.ids))
            .options(joinedload(Delivery.hook), joinedload(Delivery.happening).joinedload(Happening.ticket))
            .order_by(Delivery.id)
        )
        found = list(session.scalars(rows))
        session.expunge_all()
    return found


def _posted(batch: Batch, row: Delivery, silent: dict[int, Trouble]) -> Trouble | None:
    assert row.hook is not None
    settings = batch.settings
    try:
        message = hooks.message(
            row.hook, row.happening, settings, say=speaker(settings.locale), key=row.key, now=batch.clock()
        )
        answer = wire.post(message.target, message.body, message.headers, networks=settings.webhook_networks)
    except Refused as refusal:
        return Trouble(refusal.sentence)
    except wire.NoAnswer as problem:
        silent[row.hook.id] = problem.trouble
        return problem.trouble
    return hooks.judged(row.hook.kind, answer)
