"""People at real browsers before the real application, over the small world of the page tests.

``person("wang")`` is a page on which that person has signed in through the form; each has a browser
context of their own. Nothing sleeps: Playwright waits for what a test expects. The invariant: a test in
which any page logged an error or broke the content policy fails, whatever else it proved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect
from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from portal.finder import consumer
from tests.browser import chromium
from tests.browser.site import served
from tests.browser.waiting import WAIT
from tests.web.conftest import app, client, filed, index, known, moved, published, reindex, settings
from tests.world import PASSWORD

__all__ = ["app", "client", "filed", "index", "known", "moved", "published", "reindex", "settings"]

#: Signs somebody in and returns their page; further arguments are those of a browser context.
People = Callable[..., Page]
#: A browser reports an answer of 422, which is how the desk says no, as a failed resource; htmx reports
#: a request that a later one has overtaken.
NO_FAULT = re.compile(r"the server responded with a status of (409|422)|^htmx:(afterRequest|sendAbort), ")
ORDINARY: dict[str, Any] = {"locale": "zh-CN", "viewport": {"width": 1440, "height": 900}}
PHONE: ViewportSize = {"width": 390, "height": 844}

expect.set_options(timeout=WAIT)


#: The main roads are walked by everybody's `make test`; the rest in a browser by `.ci/run` alone.
MAIN_ROADS = frozenset(
    {"test_employee", "test_console", "test_defect_road", "test_outage", "test_queues", "test_knowledge"}
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            if item.path.stem not in MAIN_ROADS:
                item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.executable()
    if path is None:
        pytest.skip(f"no browser is here: looked for {', '.join(chromium.NAMES)}")
    with chromium.started(path) as running:
        yield running


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address of the application of this test."""
    with served(app) as address:
        yield address


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the pages of this test complained about; anything in it fails the test."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def visitor(browser: Browser, site: str, complaints: list[str]) -> Iterator[People]:
    """Pages of people who have not signed in, each in a context of its own."""
    contexts: list[BrowserContext] = []

    def visit(**options: Any) -> Page:
        context = browser.new_context(base_url=site, **{**ORDINARY, **options})
        context.set_default_timeout(WAIT)
        contexts.append(context)
        context.on("console", lambda message: _hear(complaints, message))
        context.on("weberror", lambda trouble: complaints.append(str(trouble.error)))
        return context.new_page()

    yield visit
    for context in contexts:
        context.close()


def _hear(complaints: list[str], message: ConsoleMessage) -> None:
    """A page that is itself refused is for the test to expect; what a page fails to load is a fault."""
    here = message.page.url if message.page else ""
    itself = message.text.startswith("Failed to load resource") and message.location["url"] == here
    if message.type == "error" and not itself and not NO_FAULT.search(message.text):
        complaints.append(f"{here}: {message.text}")


@pytest.fixture
def person(visitor: People) -> People:
    """Somebody at the browser, signed in."""

    def sign_in(login: str, password: str = PASSWORD, **options: Any) -> Page:
        page = visitor(**options)
        page.goto("/sign-in")
        page.get_by_label("账号", exact=True).fill(login)
        page.get_by_label("密码").fill(password)
        page.get_by_role("button", name="登录").click()
        expect(page.locator(".desk-me")).to_be_visible()
        return page

    return sign_in


@pytest.fixture
def consumed(maker: sessionmaker[Session], index: Index) -> Callable[[], None]:
    """Bring what was written into the index, as the worker does every moment."""

    def consume() -> None:
        consumer.consume(maker, index, holder="browser test", now=datetime.now(UTC))

    return consume
