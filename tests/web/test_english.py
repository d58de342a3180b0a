"""Pages read in English: Chinese only where people, units and systems are named in it.

The desk here holds tickets, an article, a defect and an outage written in English, so whatever Chinese
comes out is ours. Every post follows every link it is shown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal import config
from portal.db import transaction
from portal.faults import board
from portal.faults.flow import FaultAction
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.test_catalogues import CHINESE, OWN_NAMES, PO
from tests.web.conftest import Clients, Filing, Moving, Visitor, Writing
from tests.world import World

LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
#: Files, pages without words of ours, and the way out.
ELSEWHERE = re.compile(r"^/(static|api|files|sign-out|metrics)\b")
PAGES_EACH = 80


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    data = str(tmp_path / "data")
    return config.load({"TIERDESK_DATA_DIR": data, "TIERDESK_ENCODER": "none", "TIERDESK_LOCALE": "en"})


@pytest.fixture
def app(app: Flask, tmp_path: Path) -> Flask:
    """The portal with the catalogue compiled as it stands now."""
    folder = tmp_path / "translations" / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with PO.open("rb") as source, (folder / "messages.mo").open("wb") as compiled:
        write_mo(compiled, read_po(source))
    app.extensions["babel"].translation_directories = [str(tmp_path / "translations")]
    return app


def names_of(world: World) -> list[str]:
    """What the world itself is called, longest first; that stays in any language."""
    people = [person.name for person in world.people.values()]
    places = [unit.name for unit in world.units.values()]
    systems = [system.name for system in world.systems.values()]
    modules = [module.name for system in world.systems.values() for module in system.modules]
    written = ("核对过", "复现了")  # the notes of those who published and confirmed
    known = {*people, *places, *systems, *modules, *written, config.load({}).company, *OWN_NAMES}
    return sorted(known, key=len, reverse=True)


def chinese_in(page: str, names: list[str]) -> list[str]:
    """The lines of a page that still hold Chinese once the names are gone."""
    text = html.unescape(page)
    for name in names:
        text = text.replace(name, "")
    text = re.sub(r'(<span class="avatar[^>]*>).(</span>)', r"\1\2", text)  # a name's last character
    return [line.strip()[:200] for line in text.splitlines() if CHINESE.search(line)]


def test_the_compiled_catalogue_loads(app: Flask) -> None:
    loaded = Translations.load(*app.extensions["babel"].translation_directories, ["en"])
    added = "已添加 %(num)s 个附件。"
    assert loaded.gettext("我的工单") == "My tickets"
    assert loaded.ngettext(added, added, 1) == "%(num)s attachment added."
    assert loaded.ngettext(added, added, 2) == "%(num)s attachments added."


def test_a_stranger_reads_english(client: Clients, desk_world: World) -> None:
    page = client().get("/sign-in").text
    assert 'lang="en"' in page and "Sign in" in page
    assert not chinese_in(page, names_of(desk_world))


def test_a_refusal_is_english(client: Clients, desk_world: World) -> None:
    page = client("wang").get("/no-such-page")
    assert page.status_code == 404 and "does not exist" in page.text
    assert not chinese_in(page.text, names_of(desk_world))


@pytest.fixture
def busy(
    maker: sessionmaker[Session], filed: Filing, moved: Moving, known: Writing, published: Writing
) -> Callable[[], None]:
    """Something of everything, in English words: tickets at every tier, an article, a defect, an outage."""

    def fill() -> None:
        published("Print preview stays empty", "1. Reload the plug-in.\n2. Print again.")
        known(
            "Bill printing fails",
            workaround="Use the old page.",
            symptoms=("Plug-in not loaded",),
        )
        filed("Printing bills fails with 0x80070005")
        answered = filed("How do I print a bill", category=Category.CONSULTATION)
        moved(answered, Action.TAKE, "agent")
        moved(answered, Action.ANSWER, "agent", note="Use the print button")
        asked = filed("Cannot print at all")
        moved(asked, Action.TAKE, "agent")
        moved(asked, Action.ASK, "agent", note="Which printer?")
        checked = filed("Totals are wrong")
        for action, by, note in (
            (Action.TAKE, "agent", ""),
            (Action.ESCALATE, "agent", "Totals differ"),
            (Action.RULE, "expert", ""),
            (Action.TO_BACK, "expert", "Please fix"),
            (Action.FINISH, "engineer", "Fixed"),
        ):
            moved(checked, action, by, note=note, category=Category.DEFECT)
        down = filed("Nothing opens", category=Category.FAULT)
        for action, by, note in (
            (Action.TAKE, "agent", ""),
            (Action.ESCALATE, "agent", "Many reports"),
            (Action.RULE, "expert", ""),
        ):
            moved(down, action, by, note=note, category=Category.FAULT)
        outage(down)

    def outage(number: str) -> None:
        with transaction(maker) as session:
            people = World.of(session).people
            ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
            fault = board.gather(session, [ticket], title="Nothing opens", by=people["expert"])
            board.move(session, fault, FaultAction.SUBMIT, by=people["expert"], note="Many reports")
            board.move(session, fault, FaultAction.DECLARE, by=people["dispatcher"], note="Clear")

    return fill


def followed(visitor: Visitor) -> Iterator[tuple[str, str]]:
    """(address, page) of what this browser finds by following links from the home page."""
    waiting, met = ["/", "/account"], {"/", "/account"}
    for _ in range(PAGES_EACH):
        if not waiting:
            return
        path = waiting.pop(0)
        answer = visitor.get(path, follow_redirects=True)
        if answer.mimetype != "text/html" or answer.status_code >= 500:
            assert answer.status_code < 500, path
            continue
        yield path, answer.text
        for found in map(html.unescape, LINK.findall(answer.text)):
            if found not in met and not ELSEWHERE.match(found) and "&" not in found:
                met.add(found)
                waiting.append(found)


@pytest.mark.slow
def test_every_post_reads_english(
    client: Clients, desk_world: World, busy: Callable[[], None], reindex: Callable[[], None]
) -> None:
    busy()
    reindex()
    names = names_of(desk_world)
    told: dict[str, list[str]] = {}
    seen: set[str] = set()
    for login in desk_world.people:
        for path, page in followed(client(login)):
            seen.add(path)
            if chinese := chinese_in(page, names):
                told[f"{login} {path}"] = chinese
    assert len(seen) > 60
    assert not told, "\n".join(f"{path}: {lines}" for path, lines in told.items())
