"""Audience × state × unit × path: nobody meets an article, a word of it or its picture who may not read it.

The paths are a table (``article_paths``), the articles and who may read them another (``shelves``). What the
table forgot is found by walking over every route of the application. Each refusal has its control: somebody
whom the same path does show it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from portal.cli.exporting import NOUNS
from portal.people.models import Person
from portal.web.request import ONLY_ASKS
from tests.security.article_paths import ASKED, LISTS, SINGLE, Asks, Opens, Shows, signed
from tests.security.shelves import VIEWERS, Sample, Shelves, marks_in, shelve
from tests.security.test_routes import address
from tests.security.whole_desk import visitor_of, whole_desk
from tests.web.conftest import Visitor

#: Everything against everything: minutes with its like in the other modules.
pytestmark = pytest.mark.slow

#: One of each kind: two units, the three audiences, who works on articles, nobody.
LOOKING = ("wang", "zhao", "agent", "engineer", "editor", None)
#: Letting go of an article that one followed stays open to whom it left.
LINKED = re.compile(r"/kb/(KB\d{6})(?!/unfollow)")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Shelves]]:
    """The whole application over the shelves; nothing in this module changes what anybody may read."""
    with whole_desk(tmp_path_factory.mktemp("shelves"), shelve) as place:
        yield place


@pytest.fixture(scope="module")
def shelves(place: tuple[Flask, Shelves]) -> Shelves:
    return place[1]


@pytest.fixture(scope="module")
def visitors(place: tuple[Flask, Shelves]) -> dict[str | None, Visitor]:
    """One browser per person, and one of nobody."""
    return {login: visitor_of(place[0], login) for login in (*VIEWERS, None)}


def test_every_audience_state_and_unit_stands_on_the_shelves(shelves: Shelves) -> None:
    """The control of the controls: each reader sees some, none sees all, and not all see the same."""
    assert len({(row.audience, row.unit, row.state) for row in shelves.samples}) == len(
        {row.place for row in shelves.samples if row.language == "zh"}
    )
    seen = {login: frozenset(shelves.readable(login)) for login in VIEWERS}
    assert all(0 < len(places) < len(shelves.samples) for places in seen.values())
    assert len({seen[login] for login in ("wang", "zhao", "admin", "agent", "engineer")}) == 5


# ── lists ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_what_its_reader_may_read(
    name: str, shelves: Shelves, visitors: dict[str | None, Visitor]
) -> None:
    path = LISTS[name]
    for login, visitor in visitors.items():
        text = path.fetch(visitor, shelves)
        allowed = path.rule(shelves, login)
        assert marks_in(text) <= allowed, _told(name, login, marks_in(text) - allowed, shelves)
        assert _linked(text, shelves) <= allowed, f"{name} links for {login}"
        if path.whole and login is not None:
            missing = _chinese(allowed, shelves) - marks_in(text)
            assert not missing, "not shown: " + _told(name, login, missing, shelves)
        if login in path.seen_by:
            assert marks_in(text), f"{name} shows {login} nothing"


def _chinese(places: set[int], shelves: Shelves) -> set[int]:
    """Readers of Chinese are shown a translation only where they asked for it."""
    return {place for place in places if shelves.samples[place].language == "zh"}


def _linked(text: str, shelves: Shelves) -> set[int]:
    numbers = {row.number: row.place for row in shelves.samples}
    return {numbers[number] for number in LINKED.findall(text) if number in numbers}


def _told(name: str, login: str | None, places: set[int], shelves: Shelves) -> str:
    return f"{name}, {login}: " + "; ".join(str(shelves.samples[place]) for place in sorted(places))


@pytest.mark.parametrize("login", VIEWERS)
def test_what_is_counted_is_what_may_be_read(
    login: str, shelves: Shelves, visitors: dict[str | None, Visitor]
) -> None:
    """Numbers beside doors and above results tell nobody how much is kept from them."""
    many = len(_chinese(shelves.readable(login), shelves))
    library = visitors[login].get("/kb?sort=new").text
    for door in ("system=mkt", "category=consultation"):
        shown = re.search(rf'href="[^"]*{door}[^"]*"[^>]*>.*?kb-count">(\d+)<', library)
        assert shown, door
        assert int(shown[1]) == many, door
    found = visitors[login].get("/api/v1/search?q=轮巡样稿&kind=article").json
    assert found is not None
    everything = len(shelves.readable(login))
    assert found["total"] == everything
    assert {row["value"]: row["count"] for row in _facet(found, "system")} == {"mkt": everything}


def _facet(found: dict, name: str) -> list[dict]:
    """The facet's rows, however the API writes them."""
    rows = found["facets"][name]
    return [row if isinstance(row, dict) else {"value": row[0], "count": row[1]} for row in rows]


# ── asked for by its own words ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ASKED)
def test_words_of_its_own_find_an_article_only_for_its_readers(
    name: str, shelves: Shelves, visitors: dict[str | None, Visitor]
) -> None:
    path = ASKED[name]
    for login in LOOKING:
        allowed = shelves.readable(login)
        found = set()
        for row in _telling(shelves):
            text = path.ask(visitors[login], f"za{row.place:03d}")
            leaked = marks_in(text, besides=row) - allowed
            assert not leaked, _told(name, login, leaked, shelves)
            found |= marks_in(text, besides=row) & {row.place}
        if login in path.seen_by:
            assert found == {row.place for row in _telling(shelves)} & allowed, name


def _telling(shelves: Shelves) -> list[Sample]:
    """One of each audience and unit that readers have, and one of each state they have not."""
    on_line = [row for row in shelves.samples if row.state == "published" and row.language == "zh"]
    off_line = [
        row for row in shelves.samples if not (row.audience != "everyone" or row.unit or row in on_line)
    ]
    return [*on_line, *(row for row in off_line if row.language == "zh")]


# ── one article ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", SINGLE)
def test_an_article_opens_for_its_readers_and_is_not_there_for_others(
    name: str, shelves: Shelves, visitors: dict[str | None, Visitor]
) -> None:
    path = SINGLE[name]
    opened: dict[bool, int] = defaultdict(int)
    asked = [row for row in shelves.samples if path.states or row.state in ("published", "retired")]
    for login, row in product(LOOKING, asked):
        admitted = row.place in path.rule(shelves, login) and (not path.only or login in path.only)
        status, text = _opened(path, visitors[login], row)
        opened[admitted] += 1
        if admitted:
            assert status in (200, 302), f"{name} {login} {row}: {status}"
            assert not path.shows or row.mark in text, f"{name} {login} {row} shows nothing"
        else:
            assert status == (302 if login is None else 404), f"{name} {login} {row}: {status}"
        beside = path.also(shelves, login) if path.also else set()
        leaked = marks_in(text) - beside - ({row.place} if admitted else set())
        assert not leaked, _told(name, login, leaked, shelves)
    assert opened[True]
    assert opened[False]


def _opened(path: Opens, visitor: Visitor, row: Sample) -> tuple[int, str]:
    if path.form is None:
        answer = visitor.get(path.path(row))
    else:
        answer = visitor.post(path.path(row), data=path.form, headers=signed(visitor))
    status = 302 if answer.status_code == 401 else answer.status_code  # how the API sends a stranger away
    picture = answer.mimetype.startswith("image/")
    return status, "" if picture else answer.text


def test_an_export_holds_what_may_be_read(place: tuple[Flask, Shelves]) -> None:
    app, shelves = place
    maker = app.extensions["tierdesk"].maker
    with maker() as session:
        for login in VIEWERS:
            person = session.scalars(select(Person).where(Person.login == login)).one()
            rows = list(NOUNS["articles"].rows(session, person))
            assert marks_in(str(rows)) == shelves.readable(login), login
            numbers = {row["external_id"] for row in rows}
            tied = {row["translation_of"] for row in rows} - {None}
            assert tied <= numbers, f"{login} is told of originals that they may not read"


# ── caches ───────────────────────────────────────────────────────────────────────────────────────


def test_what_one_was_given_is_no_answer_for_another(
    shelves: Shelves, visitors: dict[str | None, Visitor]
) -> None:
    """A store between us and them may keep nothing, and whoever shows another's mark gets their own page."""
    for path in ("/kb", "/kb/feed", "/api/v1/articles/feed", f"/kb/{shelves.samples[0].number}"):
        answer = visitors["engineer"].get(path)
        assert answer.cache_control.no_store or answer.cache_control.private, path
        assert not answer.cache_control.public, path
    theirs = visitors["engineer"].get("/kb/feed").headers["ETag"]
    again = visitors["engineer"].get("/kb/feed", headers={"If-None-Match": theirs})
    assert again.status_code == 304
    other = visitors["wang"].get("/kb/feed", headers={"If-None-Match": theirs})
    assert other.status_code == 200
    assert marks_in(other.text) == shelves.readable("wang")


# ── what the table forgot ────────────────────────────────────────────────────────────────────────


def covered() -> set[str]:
    rows: list[Shows | Asks | Opens] = [*LISTS.values(), *ASKED.values(), *SINGLE.values()]
    return {endpoint for row in rows for endpoint in row.endpoints}


def test_the_table_names_routes_that_exist(place: tuple[Flask, Shelves]) -> None:
    assert covered() <= set(place[0].view_functions)


@pytest.mark.parametrize("login", [None, "wang", "supervisor", "analyst"])
def test_no_route_at_all_shows_an_article_to_whom_may_not_read_it(
    login: str | None, place: tuple[Flask, Shelves], visitors: dict[str | None, Visitor]
) -> None:
    app, shelves = place
    allowed = shelves.readable(login)
    for rule, path in _everywhere(app, shelves):
        answer = visitors[login].get(path)
        if answer.mimetype.startswith(("text/", "application/")):
            leaked = marks_in(answer.text) - allowed
            assert not leaked, _told(f"{rule.endpoint} {path}", login, leaked, shelves)


def test_every_route_that_shows_an_article_stands_in_the_table(
    place: tuple[Flask, Shelves], visitors: dict[str | None, Visitor]
) -> None:
    """Those who see most are asked; a route found here needs a row with its control in ``article_paths``."""
    app, shelves = place
    showing = set()
    for rule, path in _everywhere(app, shelves):
        for login in ("editor", "agent"):
            answer = visitors[login].get(path)
            if answer.mimetype.startswith(("text/", "application/")) and marks_in(answer.text):
                showing.add(rule.endpoint)
    assert showing - covered() == set()
    asking = {name for name, view in app.view_functions.items() if _only_asks(view)}
    assert asking - covered() - ASKING_NOTHING_OF_ARTICLES - FILES_OF_PAGES == set()


#: Questions at typing speed that no article answers.
ASKING_NOTHING_OF_ARTICLES = {"ask.fields", "knowledge.preview", "drafts.page"}
#: Files of what a page shows, through the same query; their own tests read them.
FILES_OF_PAGES = {
    *("article_imports.export", "gaps.export", "queues.export", "deflection.export"),
    *("defect_pages.export", "defect_copies.copy", "across.export", "voice.export"),
}


def _only_asks(view: object) -> bool:
    view = getattr(view, "view_class", view)
    return bool(getattr(view, ONLY_ASKS, False))


def _everywhere(app: Flask, shelves: Shelves) -> Iterator[tuple[Rule, str]]:
    """Every address that can be read, with whatever hangs together with the articles put in."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            for path in _filled(rule, shelves):
                yield rule, path


def _filled(rule: Rule, shelves: Shelves) -> list[str]:
    if not rule.arguments:
        return [rule.rule, f"{rule.rule}?q=轮巡样稿"]
    first, last = shelves.samples[0], shelves.samples[40]
    known = {"number": (shelves.ticket, shelves.defect, first.number, last.number, "1"), "kind": ("article",)}
    known |= {"ref": known["number"], "id": (str(first.id), str(last.id)), "action": ("answer",)}
    choices = [known.get(name, ("NOWHERE",)) for name in sorted(rule.arguments)]
    paths = set()
    for chosen in product(*choices):
        path = rule.rule
        for name, value in zip(sorted(rule.arguments), chosen, strict=True):
            path = re.sub(rf"<(?:[a-z]+:)?{name}>", value, path)
        paths.add(path)
    return sorted(path if "<" not in path else address(rule) for path in paths)
