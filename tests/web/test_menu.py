"""The menu says where one is, on every page below an entry as on the entry's own."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from portal.web.menu import ENTRIES, FOLDERS, NO_ENTRY, entry_of
from tests.web.conftest import Clients, Filing, Writing

ACTIVE = re.compile(r'nav-item active">\s*<a[^>]*?aria-current="(\w+)"[^>]*?href="([^"]+)"')


def here(page: str) -> list[tuple[str, str]]:
    return [(found[2], found[1]) for found in ACTIVE.finditer(page)]


@pytest.mark.parametrize(
    ("login", "path", "entry"),
    [
        ("editor", "/knowledge", "/knowledge"),
        ("editor", "/knowledge/gaps", "/knowledge"),
        ("editor", "/knowledge/imports", "/knowledge"),
        ("editor", "/knowledge/synonyms", "/knowledge"),
        ("editor", "/packs", "/knowledge"),
        ("editor", "/kb", "/kb"),
        ("expert", "/defects", "/defects"),
        ("expert", "/defects/new", "/defects"),
        ("expert", "/workbench/board", "/workbench"),
        ("manager", "/figures", "/figures"),
        ("manager", "/figures/deflection", "/figures"),
        ("manager", "/admin/levels", "/admin/levels"),
        ("manager", "/admin/calendars", "/admin/levels"),
        ("admin", "/admin", "/admin"),
        ("admin", "/admin/systems", "/admin"),
        ("inspector", "/quality/inspections", "/quality"),
        ("agent", "/queues", "/queues"),
        ("agent", "/handover", "/queues"),
        ("expert", "/announcements", "/faults"),
        ("wang", "/", "/"),
        ("wang", "/ask", "/ask"),
        ("wang", "/my/tickets", "/my/tickets"),
    ],
)
def test_a_page_below_an_entry_marks_it_and_no_other(
    client: Clients, login: str, path: str, entry: str
) -> None:
    page = client(login).get(path)
    assert page.status_code == 200
    assert here(page.text) == [(entry, "page" if path == entry else "true")]


def test_things_mark_where_they_are_kept(client: Clients, filed: Filing, published: Writing) -> None:
    number = filed()
    published("怎样发行")
    assert here(client("wang").get(f"/my/tickets/{number}").text) == [("/my/tickets", "true")]
    assert here(client("agent").get(f"/tickets/{number}").text) == [("/queues", "true")]
    assert here(client("editor").get("/knowledge/KB000001/edit").text) == [("/knowledge", "true")]
    assert here(client("wang").get("/kb/KB000001").text) == [("/kb", "true")]
    assert here(client("wang").get("/account").text) == []


def test_every_folder_of_pages_is_an_entrys_or_belongs_to_none(app: Flask) -> None:
    with app.test_request_context():
        known = [entry for entry in ENTRIES if entry.endpoint in app.view_functions]
        lost = {
            rule.rule
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ())
            and not rule.rule.startswith(("/api/", "/static/", "/healthz", "/readyz", "/metrics"))
            and entry_of(rule.rule, known) is None
            and not any(rule.rule == name or rule.rule.startswith(f"{name}/") for name in NO_ENTRY)
        }
    assert not lost, "an entry's folder, or a line in portal.web.menu"
    assert set(FOLDERS.values()) <= {entry.endpoint for entry in known}
