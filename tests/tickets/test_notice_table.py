"""The table of notices: whole, drawn as a document, and the one place where notices are made."""

from __future__ import annotations

import re
from pathlib import Path

from portal.tickets.models import Notice
from portal.tickets.notices import HEARD_OUTSIDE, TABLE, Event, tell
from portal.tickets.notices_document import LISTENERS_BESIDES, document, example
from portal.tickets.telling.groups import GROUPS, Group
from portal.tickets.telling.models import Happening
from tests.tickets.people import Desk

ROOT = Path(__file__).parents[2]
MAKES = re.compile(r"(?<![A-Za-z_.])Notice\(")


def test_every_event_has_a_row_a_name_and_somebody_who_hears_of_it() -> None:
    assert set(TABLE) == set(Event)
    for row in TABLE.values():
        assert row.name, f"{row.event}: robots and administrators need a name for it"
        assert row.listeners or row.event in LISTENERS_BESIDES, f"{row.event}: say who hears of it"
        assert "%(" not in example(row)


def test_every_group_has_events_and_what_pops_up_is_not_only_progress() -> None:
    assert set(GROUPS) == set(Group)
    assert {row.group for row in TABLE.values()} == set(Group)
    assert not [row.event for row in TABLE.values() if row.urgent and row.group == Group.PROGRESS]


def test_the_document_is_the_table() -> None:
    written = (ROOT / "docs" / "notices.md").read_text(encoding="utf-8")
    assert written == document(), "run: python -m portal.tickets.notices_document > docs/notices.md"


def test_notices_are_made_in_one_place() -> None:
    makers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "portal").rglob("*.py")
        if MAKES.search(path.read_text(encoding="utf-8").replace("class Notice(", ""))
    }
    assert makers == {"portal/tickets/notices.py"}, "use notices.tell: wishes and robots hang on it"


def test_nobody_is_told_of_their_own_deed_and_a_happening_holds_no_words(at_desk: Desk) -> None:
    people, ticket = at_desk.world.people, at_desk.file()
    values = {"by": "王小雨", "number": ticket.number, "title": ticket.title, "note": "机密"}
    told = tell(
        at_desk.session,
        Event.COMMENTED,
        to=[people["wang"].id, people["agent"].id, people["agent"].id],
        values=values,
        ticket=ticket,
        by=people["wang"],
    )
    at_desk.session.flush()
    assert [row.person_id for row in told] == [people["agent"].id]
    last = at_desk.session.query(Happening).order_by(Happening.id.desc()).first()
    assert last is not None
    assert set(last.values) == {"number", "title"} <= HEARD_OUTSIDE
    assert at_desk.session.query(Notice).filter_by(event="commented").count() == 1
