"""Evidence, groups, neighbours and reports × everybody × own and foreign system and unit: unseen is 404.

Pages and deeds are tables. A page may show only tickets that its reader may open; a refused deed is 404, and
its control is whom the same deed answers with a sentence instead, so that nothing here changes anything. What
the tables forgot is found by walking over every address with the numbers of this desk put in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from flask import Flask

from portal.web.access import rule_of
from tests.security.article_paths import signed
from tests.security.roots import ASKERS, EVERYBODY, OF_ALL, STAFF, Found, Roots, marks_in, plant
from tests.security.test_routes import address
from tests.security.whole_desk import visitor_of, whole_desk
from tests.web.conftest import HTMX, Visitor

Visitors = dict[str | None, Visitor]
CURATORS = frozenset({"expert", "analyst"})
BENCH = frozenset({"expert", "engineer"})
KEEPERS = CURATORS | {"engineer"}
LEARNING = frozenset({"expert", "analyst", "manager"})
FIGURES = OF_ALL | {"supervisor", "inspector"}
EXPERT_TEXTS = OF_ALL | BENCH
#: They open their own tickets; what staff see beside them is another test's.
ASKING = frozenset(ASKERS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Roots]]:
    with whole_desk(tmp_path_factory.mktemp("roots"), plant) as place:
        yield place


@pytest.fixture(scope="module")
def roots(place: tuple[Flask, Roots]) -> Roots:
    return place[1]


@pytest.fixture(scope="module")
def visitors(place: tuple[Flask, Roots]) -> Visitors:
    return {login: visitor_of(place[0], login) for login in EVERYBODY}


def refused(login: str | None) -> int:
    return 404 if login else 302


# ── pages that show many ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Many:
    """``shows``: exactly these of the tickets that the reader may open; unsaid: nothing but such."""

    path: str
    enters: frozenset[str]
    shows: Callable[[Roots], set[int]] | None = None


def unlinked(roots: Roots) -> set[int]:
    return {row.place for row in roots.tickets} - roots.linked()


MANY = {
    "bench": Many("/workbench", BENCH),
    "wall": Many("/workbench/board", CURATORS, unlinked),
    "wall, put aside": Many("/workbench/board?state=aside", CURATORS),
    "bursts": Many("/bursts", FIGURES | {"expert"}, unlinked),
    "records alike": Many("/defects/duplicates", CURATORS),
    "records": Many("/defects", STAFF),
    "alarms": Many("/defects/alarms", STAFF, Roots.linked),
    "API: alarms": Many("/api/v1/alarms", STAFF, Roots.linked),
    "across units": Many("/defects/across", STAFF),
    "rollouts": Many("/defects/rollouts", STAFF | {"admin"}),
    "key problems": Many("/key-problems", EXPERT_TEXTS),
    "learning": Many("/learning", LEARNING),
    "questions": Many("/learning/queue", CURATORS, unlinked),
    "judgements": Many("/learning/judgements?kind=rejected", LEARNING, Roots.linked),
    "runs": Many("/learning/runs", LEARNING),
    "automatic links": Many("/learning/automatic", LEARNING),
    "reports": Many("/reports", STAFF),
}


@pytest.mark.parametrize("name", MANY)
def test_a_page_of_many_shows_what_its_reader_may_open(name: str, roots: Roots, visitors: Visitors) -> None:
    page = MANY[name]
    for login, visitor in visitors.items():
        answer = visitor.get(page.path)
        status = 302 if answer.status_code == 401 else answer.status_code
        assert status == (200 if login in page.enters else refused(login)), login
        shown, allowed = marks_in(answer.text), roots.readable(login) if login in page.enters else set()
        assert shown <= allowed, f"{name} shows {login} {shown - allowed}"
        if page.shows is not None and login in page.enters:
            assert shown == page.shows(roots) & allowed, f"{name} hides from {login}"


# ── pages of one thing ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class OfTicket:
    """A page about one ticket; whoever enters must read the ticket, too."""

    path: str
    enters: frozenset[str]


OF_TICKETS = {
    "on the bench": OfTicket("/workbench/{}", BENCH),
    "on the bench, asked for": OfTicket("/workbench?ticket={}", BENCH),
    "page": OfTicket("/tickets/{}", STAFF | ASKING),
    "links": OfTicket("/api/v1/tickets/{}/links", STAFF | ASKING),
}


@pytest.mark.parametrize("name", OF_TICKETS)
def test_evidence_of_a_ticket_is_there_for_those_who_read_it(
    name: str, roots: Roots, visitors: Visitors
) -> None:
    page = OF_TICKETS[name]
    for login, row in product(EVERYBODY, roots.one_of_each()):
        admitted = login in page.enters and row.is_read_by(login)
        # An employee is led from the ticket's page to their own view of it.
        answer = visitors[login].get(page.path.format(row.number), follow_redirects=login in ASKING)
        status = 302 if answer.status_code == 401 else answer.status_code
        assert status == (200 if admitted else refused(login)), f"{login} {row}"
        assert marks_in(answer.text) <= roots.readable(login), f"{login} {row}"


OF_RECORDS = {
    "page": ("/defects/{}", STAFF),
    "history": ("/defects/{}/history", STAFF),
    "links": ("/api/v1/defects/{}/links", STAFF),
    "what it may be merged into": ("/defects/{}/merge", CURATORS),
}


@pytest.mark.parametrize("name", OF_RECORDS)
def test_a_record_names_tickets_only_to_those_who_may_open_them(
    name: str, roots: Roots, visitors: Visitors
) -> None:
    path, enters = OF_RECORDS[name]
    for login, found in product(EVERYBODY, roots.of.values()):
        answer = visitors[login].get(path.format(found.record), headers=HTMX)
        status = 302 if answer.status_code == 401 else answer.status_code
        assert status == (200 if login in enters else refused(login)), login
        assert marks_in(answer.text) <= roots.readable(login), login


@pytest.mark.parametrize("path", ["/reports/{report}", "/reports/next?system={system}"])
def test_a_report_opens_for_those_responsible(path: str, roots: Roots, visitors: Visitors) -> None:
    for login, (system, found) in product(EVERYBODY, roots.of.items()):
        admitted = login in FIGURES or (login in BENCH and system == "mkt")
        answer = visitors[login].get(path.format(report=found.report, system=system))
        assert answer.status_code == (200 if admitted else refused(login)), f"{login} {system}"
        assert marks_in(answer.text) <= roots.readable(login), f"{login} {system}"


# ── deeds ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Deed:
    """``everywhere``: who may do it in both systems; ``at_home``: who may in their own one alone.

    The form lacks what the deed needs, so that whoever is admitted reads a sentence.
    """

    path: str
    at_home: frozenset[str] = frozenset()
    everywhere: frozenset[str] = frozenset()
    form: dict[str, Any] = field(default_factory=dict)
    answer: int = 422
    by: str = "POST"
    sentence: str = ""  # what those who are admitted read, when others are answered with a sentence too

    @property
    def strangers(self) -> int:
        """A page misses the form's token first, the API who is calling."""
        return 401 if self.path.startswith("/api/") else 400

    def asked(self, found: Found) -> dict[str, Any]:
        """What is sent: a form to a page, JSON to the API."""
        given = {key: _filled(value, found) for key, value in self.form.items()}
        return {"json": given} if self.path.startswith("/api/") else {"data": given}


EXPERT, ANALYST = frozenset({"expert"}), frozenset({"analyst"})
BOTH = {"at_home": EXPERT, "everywhere": ANALYST}
DEEDS = {
    "undo on the bench": Deed("/workbench/{ticket}/undo", EXPERT),
    "none of these": Deed("/workbench/{ticket}/none-of-these", EXPERT),
    "judgement taken back": Deed("/workbench/{ticket}/defects/{record}/undo", EXPERT),
    "link by number": Deed("/tickets/{ticket}/defects", EXPERT, ANALYST | {"agent", "supervisor"}),
    "link taken back": Deed(
        "/tickets/{ticket}/defects/{record}/undo", EXPERT, ANALYST | {"agent", "supervisor"}
    ),
    "group linked": Deed("/workbench/board/{group}/link", form={"defect": "{twin}"}, **BOTH),
    "group to a fault": Deed("/workbench/board/{group}/fault", EXPERT),
    "group put aside": Deed("/workbench/board/{group}/dismiss", **BOTH),
    "group taken back": Deed("/workbench/board/{group}/take-back", **BOTH),
    "record of a group": Deed("/workbench/board", form={"group": "{group}"}, **BOTH),
    "burst dismissed": Deed("/bursts/{burst}/dismiss", EXPERT, FIGURES),
    "alarm dismissed": Deed("/defects/alarms/{alarm}/dismiss", everywhere=CURATORS),
    "alarm undone": Deed("/defects/alarms/{alarm}/undo", everywhere=CURATORS),
    "question taken back": Deed("/learning/queue/{ticket}/undo", **BOTH),
    "judgement struck": Deed("/learning/judgements/link/{judgement}/strike", everywhere=LEARNING - EXPERT),
    "alike reconsidered": Deed("/defects/duplicates/{record}/{twin}/reconsider", everywhere=CURATORS),
    "merged into itself": Deed("/defects/duplicates/{record}/{record}/merge", everywhere=CURATORS),
    "measure": Deed("/defects/{record}/measures", everywhere=KEEPERS),
    "another day": Deed("/defects/{record}/due", everywhere=CURATORS),
    "report kept": Deed("/reports/{report}/export/csv", BENCH, FIGURES, answer=200),
    "links resumed": Deed("/learning/automatic/pause", everywhere=LEARNING - EXPERT),
    "API: link taken back": Deed(
        "/api/v1/tickets/{ticket}/links",
        EXPERT,
        ANALYST | {"agent", "supervisor"},
        form={"defect": "{record}", "verdict": "undone"},
        sentence="没有可以撤销的关联",
    ),
    "API: record": Deed("/api/v1/defects", everywhere=CURATORS, form={"title": "", "system": "mkt"}),
    "API: record changed": Deed(
        "/api/v1/defects/{record}",
        everywhere=KEEPERS,
        form={"title": "", "system": "mkt", "version": 0},
        by="PUT",
    ),
    "API: record moved": Deed(
        "/api/v1/defects/{record}/moves", everywhere=KEEPERS, form={"action": "confirm"}
    ),
    "API: measure": Deed(
        "/api/v1/defects/{record}/measures",
        everywhere=KEEPERS,
        form={"what": "", "who": "", "due_on": "2026-03-02", "done_when": ""},
    ),
    "API: measure finished": Deed(
        "/api/v1/defects/{record}/measures/{measure}/moves", everywhere=KEEPERS, form={"action": "finish"}
    ),
    "API: alarm dismissed": Deed(
        "/api/v1/alarms/{alarm}/moves", everywhere=CURATORS, form={"action": "dismiss"}
    ),
    "API: alarm undone": Deed("/api/v1/alarms/{alarm}/moves", everywhere=CURATORS, form={"action": "undo"}),
}


@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_is_there_for_those_who_may_do_it(name: str, roots: Roots, visitors: Visitors) -> None:
    deed = DEEDS[name]
    for login, (system, found) in product(EVERYBODY, roots.of.items()):
        admitted = login in deed.everywhere or (login in deed.at_home and system == "mkt")
        answer = visitors[login].open(
            _filled(deed.path, found),
            method=deed.by,
            headers=signed(visitors[login]) if login else {},
            **deed.asked(found),
        )
        if deed.sentence and answer.status_code == deed.answer:
            assert (deed.sentence in answer.get_json()["detail"]) == admitted, f"{name} {login} {system}"
            continue
        wanted = deed.answer if admitted else (404 if login else deed.strangers)
        assert answer.status_code == wanted, f"{name} {login} {system}"


def _filled(text: Any, found: Found) -> Any:
    if not isinstance(text, str):
        return text
    return text.format(**{name: getattr(found, name) for name in Found.__slots__})


# ── what the tables forgot ───────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize("login", EVERYBODY)
def test_no_address_at_all_shows_a_ticket_to_whom_may_not_open_it(
    login: str | None, place: tuple[Flask, Roots], visitors: Visitors
) -> None:
    app, roots = place
    for path in _everywhere(app, roots):
        answer = visitors[login].get(path)
        assert answer.status_code < 500, f"{login} {path}"
        if answer.mimetype.startswith(("text/", "application/")):
            leaked = marks_in(answer.text) - roots.readable(login)
            assert not leaked, f"{path} shows {login} {[roots.tickets[row] for row in leaked]}"


def _everywhere(app: Flask, roots: Roots) -> Iterator[str]:
    """Every address that can be read, with a ticket of each kind and what hangs on each system put in."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        if rule.endpoint == "static" or rule_of(app, rule.endpoint, "GET") is None:
            continue
        if "GET" not in (rule.methods or ()):
            continue
        if len(rule.arguments) != 1:
            yield address(rule)
            continue
        (name,) = rule.arguments
        before, after = rule.rule.split("<")[0], rule.rule.split(">")[1]
        yield from (f"{before}{value}{after}" for value in _known(name, roots))


def _known(name: str, roots: Roots) -> list[object]:
    tickets = (row.number for row in roots.one_of_each())
    numbers = [*tickets, *(found.record for found in roots.of.values()), *range(1, 4)]
    return list(roots.of) if name == "code" else numbers
