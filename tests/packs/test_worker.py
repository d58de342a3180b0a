"""What the worker does with packs: it carries on what a page has left, and clears away what is long over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from kb.flow import Refused
from portal.cli.pack_work import carry_packs_on, forget_packs
from portal.db import transaction
from portal.packs import applying, receiving
from portal.packs.lists import FORGOTTEN, LEFT_ALONE
from portal.packs.models import Pack, PackItem
from portal.packs.words import Phase
from tests.packs.desks import Desk

Friends = tuple[Desk, Desk]


def aged(at: Desk, number: int, by: timedelta) -> None:
    with transaction(at.maker) as session:
        session.get_one(Pack, number).moved_at -= by


def phase_of(at: Desk, number: int) -> Phase | None:
    with at.maker() as session:
        found = session.get(Pack, number)
        return found.phase if found else None


def test_what_nobody_looks_at_is_carried_on(friends: Friends) -> None:
    here, there = friends
    for count in range(25):
        here.publish(f"问题 {count}")
    number = there.receive(here.make())
    with there.work() as (session, editor):
        applying.apply(session, session.get_one(Pack, number), by=editor)
    assert carry_packs_on(there.settings, there.maker) == 0, "a page may still be asking"
    aged(there, number, LEFT_ALONE * 2)
    assert carry_packs_on(there.settings, there.maker) > 0
    assert phase_of(there, number) == Phase.DONE


def test_what_was_never_taken_goes_and_what_was_taken_keeps_its_record(friends: Friends) -> None:
    here, there = friends
    here.publish("问题")
    first = here.make()
    taken = there.take(first)
    here.publish("又一个问题")
    waiting = there.receive(here.make())
    forget_packs(there.settings, there.maker)
    assert phase_of(there, waiting) == Phase.PREVIEWED
    for number in (taken, waiting):
        aged(there, number, FORGOTTEN * 2)
    forget_packs(there.settings, there.maker)
    assert phase_of(there, waiting) is None
    assert phase_of(there, taken) == Phase.DONE
    assert list((there.settings.data_dir / receiving.FOLDER).iterdir()) == []
    with there.maker() as session:
        assert [row.values for row in session.scalars(select(PackItem))] == [{}]
    with pytest.raises(Refused, match="没有可以撤销"):
        there.undo(taken)


def test_a_file_whose_transaction_fails_is_not_kept(friends: Friends) -> None:
    here, there = friends
    here.publish("问题")
    path = here.make()
    with pytest.raises(RuntimeError), there.work() as (session, editor):
        own = there.key.public
        folder = there.settings.data_dir
        receiving.receive(session, path, name="x", by=editor, folder=folder, own=own)
        raise RuntimeError
    assert list((there.settings.data_dir / receiving.FOLDER).iterdir()) == []
