"""Received packs worked off: to the end by a command, a few parts a round by the worker; and tidied away."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, update
from sqlalchemy.orm import Session, sessionmaker

from portal.cli.place import moment
from portal.config import Settings
from portal.db import transaction
from portal.packs.lists import forgotten, left_alone
from portal.packs.models import Pack, PackItem
from portal.packs.parts import Bench, carry_on
from portal.packs.receiving import WAITING, path_of
from portal.packs.words import MOVING

#: Each part is a transaction of its own; a round that does more would hold up the other jobs.
PARTS_A_ROUND = 10


def finish_pack(
    settings: Settings, maker: sessionmaker[Session], number: int, told: Callable[[int], None] | None = None
) -> None:
    """Part by part until nothing moves."""
    while _part(settings, maker, number):
        if told:
            told(1)


def carry_packs_on(settings: Settings, maker: sessionmaker[Session]) -> int:
    """Do the next parts of what was left alone; returns how many."""
    done = 0
    with maker() as session:  # without the write lock: most of the time there is nothing
        number = pack.id if (pack := left_alone(session, moment())) else None
    while number is not None and done < PARTS_A_ROUND and _part(settings, maker, number):
        done += 1
    return done


def _part(settings: Settings, maker: sessionmaker[Session], number: int) -> bool:
    """One part of this pack; False when nothing of it moves any more."""
    with transaction(maker) as session:
        pack = session.get_one(Pack, number)
        carry_on(session, pack, Bench.of(settings))
        return pack.phase in MOVING


def forget_packs(settings: Settings, maker: sessionmaker[Session]) -> None:
    """Throw away what nobody took, and the texts of what was taken long ago; the record stays."""
    with transaction(maker) as session:
        for pack in session.scalars(forgotten(moment())):
            path_of(pack, settings.data_dir).unlink(missing_ok=True)
            if pack.phase in WAITING:
                session.execute(delete(PackItem).where(PackItem.pack_id == pack.id))
                session.delete(pack)
                continue
            of_pack = update(PackItem).where(PackItem.pack_id == pack.id)
            session.execute(of_pack.values(values={}, before={}))
            pack.stored_as = ""
