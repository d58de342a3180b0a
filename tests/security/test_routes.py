"""Every route × every post: the gate lets in exactly those whom the route's stated rule admits.

The cases are generated from the route table, so a new route is covered on the day it is born; one without
a rule fails the first test (and stops the start of the product).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import IntegerConverter, Rule

from portal.people.roles import PERMISSIONS, Post
from portal.web.access import Access, rule_of, unstated
from portal.web.addresses import LARGEST
from tests.web.conftest import Clients

#: What a route's variables are filled with; no such thing exists, so an open route answers 404 by itself.
NOWHERE: dict[str, Any] = {"int": 987654321, "string": "NOWHERE", "default": "NOWHERE", "path": "nowhere"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PEOPLE = ("wang", *(post.value for post in Post))
#: Routes whose path is the same for everybody and may be called without harm or content.
FIXED = {"GET"}


def routes(app: Flask) -> Iterator[tuple[Rule, str, Access]]:
    for rule in app.url_map.iter_rules():
        for method in METHODS:
            if method in (rule.methods or ()):
                stated = rule_of(app, rule.endpoint, method)
                assert stated is not None, rule
                yield rule, method, stated


def address(rule: Rule) -> str:
    """A path of this route that leads to nothing."""
    path = rule.rule
    for name in rule.arguments:
        converter = type(rule._converters[name]).__name__.removesuffix("Converter").lower()
        kind = {"number": "int", "unicode": "string"}.get(converter, converter)
        value = str(NOWHERE.get(kind, "NOWHERE"))
        path = _filled(path, name, value)
    return path


def _filled(path: str, name: str, value: str) -> str:
    start = path.index("<")
    while name not in path[start : path.index(">", start)]:
        start = path.index("<", start + 1)
    return path[:start] + value + path[path.index(">", start) + 1 :]


def test_every_route_states_its_rule(app: Flask) -> None:
    assert unstated(app) == []


def test_a_route_without_a_rule_is_noticed(app: Flask) -> None:
    app.view_functions["sneaky"] = lambda: "hello"
    app.url_map.add(Rule("/sneaky", endpoint="sneaky", methods=["GET"]))
    assert unstated(app) == ["GET /sneaky"]


def test_a_stranger_enters_public_routes_only(app: Flask, client: Clients) -> None:
    stranger = client()
    for rule, method, stated in routes(app):
        answer = stranger.open(address(rule), method=method)
        if stated.public:
            assert answer.status_code != 302 or "/sign-in" not in answer.location or method == "POST", rule
            continue
        if rule.rule.startswith("/api/"):
            assert answer.status_code in (400, 401), f"{method} {rule.rule}: {answer.status_code}"
        elif method == "GET":
            assert answer.status_code == 302, f"{method} {rule.rule}"
            assert "/sign-in" in answer.location, f"{method} {rule.rule}: {answer.location}"
        else:
            assert answer.status_code in (302, 400), f"{method} {rule.rule}: {answer.status_code}"


@pytest.mark.slow
def test_every_post_enters_where_its_permissions_lead_and_nowhere_else(app: Flask, client: Clients) -> None:
    stated = [(rule, access) for rule, method, access in routes(app) if method == "GET" and not access.public]
    assert len(stated) > 20
    for login in PEOPLE:
        browser = client(login)
        held = PERMISSIONS.get(Post(login), frozenset()) if login in set(Post) else frozenset()
        for rule, access in stated:
            admitted = not access.any_of or bool(access.any_of & held)
            answer = browser.get(address(rule))
            if not admitted:
                assert answer.status_code == 404, f"{login} GET {rule.rule}: {answer.status_code}"
            elif not rule.arguments:
                assert answer.status_code != 404, f"{login} GET {rule.rule} is theirs"
                assert answer.status_code < 500, f"{login} GET {rule.rule}: {answer.status_code}"


def test_writing_is_refused_to_those_a_route_does_not_admit(app: Flask, client: Clients) -> None:
    """With a right CSRF token, so that the refusal is the gate's own; what leads nowhere answers 404, too."""
    stated = [(rule, method, access) for rule, method, access in routes(app) if method != "GET"]
    for login in ("wang", "agent", "expert", "engineer", "editor", "admin"):
        browser = client(login)
        headers = {"X-CSRFToken": browser.token()}
        held = PERMISSIONS.get(Post(login), frozenset()) if login in set(Post) else frozenset()
        for rule, method, access in stated:
            if access.any_of and not access.any_of & held:
                answer = browser.open(address(rule), method=method, headers=headers)
                assert answer.status_code == 404, f"{login} {method} {rule.rule}: {answer.status_code}"


def test_no_writing_without_a_csrf_token(app: Flask, client: Clients) -> None:
    browser = client("manager")
    for rule, method, access in routes(app):
        held = PERMISSIONS[Post.MANAGER]
        if method == "GET" or (access.any_of and not access.any_of & held):
            continue
        answer = browser.open(address(rule), method=method, data={})
        assert answer.status_code == 400, f"{method} {rule.rule}: {answer.status_code}"


def test_a_number_that_no_row_can_be_called_is_no_page(app: Flask) -> None:
    """PostgreSQL takes such a number for a fault; to whoever typed it, it is an address like any other."""
    numbered = [(rule, method, name) for rule, method, _access in routes(app) for name in _numbers(rule)]
    assert numbered
    for rule, method, name in numbered:
        asked = {key: 1 if key in _numbers(rule) else "x" for key in rule.arguments}
        assert _led_to(app, rule, method, {**asked, name: LARGEST}) == rule.endpoint
        assert _led_to(app, rule, method, {**asked, name: LARGEST + 1}) != rule.endpoint


def _led_to(app: Flask, rule: Rule, method: str, values: dict[str, Any]) -> str:
    where = app.url_map.bind("desk.test")
    try:
        return str(where.match(where.build(rule.endpoint, values, method=method), method=method)[0])
    except (NotFound, MethodNotAllowed):
        return ""


def _numbers(rule: Rule) -> set[str]:
    return {name for name, converter in rule._converters.items() if isinstance(converter, IntegerConverter)}
