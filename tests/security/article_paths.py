"""Every way on which an article can come to somebody's eyes: a table of paths, each with its own control.

``LISTS`` show many at once, ``ASKED`` are asked for one by words that only it holds, ``SINGLE`` open one. A
route that shows an article and stands in none of them is found by ``test_article_rights``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from tests.security.shelves import SHARED, Sample, Shelves
from tests.web.conftest import Visitor

NEXT = re.compile(r'<a [^>]*rel="next"[^>]*href="([^"]+)"')
MOST_PAGES = 12
#: Gaps whose nearest article some may read and others not.
GAPS = range(1, 25)

Rule = Callable[[Shelves, str | None], set[int]]
Fetch = Callable[[Visitor, Shelves], str]


def readers(shelves: Shelves, login: str | None) -> set[int]:
    return shelves.readable(login)


def workers_too(shelves: Shelves, login: str | None) -> set[int]:
    return shelves.openable(login)


def paged(path: str) -> Fetch:
    """The page and those after it, one text."""

    def fetch(visitor: Visitor, shelves: Shelves) -> str:
        return "\n".join(_pages(visitor, path.format(ticket=shelves.ticket, defect=shelves.defect)))

    return fetch


def _pages(visitor: Visitor, path: str) -> Iterator[str]:
    for _ in range(MOST_PAGES):
        text = visitor.get(path).text
        yield text
        following = NEXT.search(text)
        if following is None:
            return
        path = unescape(following[1])
    raise AssertionError(f"{path} never ends")


def listed(path: str) -> Fetch:
    """The lists of the API, followed to their end."""

    def fetch(visitor: Visitor, _shelves: Shelves) -> str:
        texts, cursor = [], ""
        for _ in range(MOST_PAGES):
            answer = visitor.get(f"{path}&cursor={cursor}" if cursor else path)
            texts.append(answer.text)
            cursor = (answer.json or {}).get("next_cursor") if answer.is_json else None
            if not cursor:
                return "\n".join(texts)
        raise AssertionError(f"{path} never ends")

    return fetch


@dataclass(frozen=True, slots=True)
class Shows:
    """A path that shows many. ``whole``: everything that its rule allows, no more and no less, in Chinese."""

    endpoints: tuple[str, ...]
    fetch: Fetch
    rule: Rule = readers
    whole: bool = False
    seen_by: tuple[str, ...] = ()
    """Some of those who do see something there: a path that shows nobody anything proves nothing."""
    offers: bool = True
    """It proposes answers, and none that the reader's unit has outgrown; else it says what was or what is."""


LISTS: dict[str, Shows] = {
    "library": Shows(
        ("reading.library",), paged("/kb?sort=new"), whole=True, seen_by=("wang", "agent", "engineer")
    ),
    "library of a system": Shows(("reading.library",), paged("/kb?system=mkt&module=bill"), whole=True),
    "library, most read": Shows(("reading.library",), paged("/kb?sort=popular"), whole=True),
    "library searched": Shows(("reading.library",), paged(f"/kb?q={SHARED}"), whole=True),
    "library's front": Shows(("reading.library",), paged("/kb"), seen_by=("wang", "zhao")),
    "home": Shows(("home.page",), paged("/"), seen_by=("wang", "zhao", "agent")),
    "search": Shows(("search.page",), paged(f"/search?q={SHARED}&kind=article"), whole=True),
    "search narrowed": Shows(
        ("search.page",), paged(f"/search?q={SHARED}&system=mkt&module=bill"), seen_by=("wang", "engineer")
    ),
    "completions": Shows(("search.typing",), paged(f"/search/typing?q={SHARED}"), seen_by=("wang", "agent")),
    "feed": Shows(("feeds.knowledge",), paged("/kb/feed"), whole=True, seen_by=("wang", "zhao")),
    "feed of a system": Shows(("feeds.knowledge",), paged("/kb/feed?system=mkt"), whole=True),
    "API feed": Shows(("api_articles.Feed",), paged("/api/v1/articles/feed"), whole=True),
    "API list": Shows(
        ("api_articles.Articles",),
        listed("/api/v1/articles?limit=20"),
        workers_too,
        whole=True,
        offers=False,
    ),
    "API search": Shows(
        ("api_suggestions.Search",), listed(f"/api/v1/search?q={SHARED}&kind=article"), whole=True
    ),
    "API completions": Shows(
        ("api_suggestions.Typeahead",), listed(f"/api/v1/typeahead?q={SHARED}"), seen_by=("wang", "agent")
    ),
    "own ticket": Shows(("mine.ticket",), paged("/my/tickets/{ticket}"), seen_by=("wang",), offers=False),
    "ticket": Shows(("ticket_pages.page",), paged("/tickets/{ticket}"), seen_by=("agent", "editor")),
    "ticket on the workbench": Shows(("workbench.ticket",), paged("/workbench/{ticket}")),
    "links of a ticket": Shows(
        ("api_links.TicketLinks",),
        paged("/api/v1/tickets/{ticket}/links"),
        seen_by=("agent", "editor"),
        offers=False,
    ),
    "ticket on paper": Shows(("printing.ticket",), paged("/tickets/{ticket}/print")),
    "answers in a reply": Shows(
        ("ticket_pages.answers",), paged("/tickets/{ticket}/answers?q=" + SHARED), seen_by=("agent",)
    ),
    "defect record": Shows(
        ("defect_pages.record",),
        paged("/defects/{defect}"),
        workers_too,
        seen_by=("wang", "agent"),
        offers=False,
    ),
    "explained search": Shows(
        ("explaining.page",), paged(f"/search/why?q={SHARED}"), seen_by=("editor", "analyst")
    ),
    "what a cross-link may lead to": Shows(
        ("knowledge.targets",), paged(f"/knowledge/targets?q={SHARED}"), workers_too, seen_by=("editor",)
    ),
    "answers within a reply": Shows(
        ("inline_answers.find",), paged("/tickets/{ticket}/inline-answers?q=" + SHARED), seen_by=("agent",)
    ),
    "deflection, by article": Shows(
        ("figures.deflection_articles",),
        paged("/figures/deflection/articles"),
        seen_by=("supervisor", "analyst", "editor"),
    ),
    "list to re-check": Shows(
        ("care.recheck",), paged("/knowledge/recheck"), workers_too, seen_by=("editor",)
    ),
    "standings": Shows(("care.quality",), paged("/knowledge/quality"), workers_too, seen_by=("editor",)),
    "pairs alike": Shows(("care.pairs",), paged("/knowledge/duplicates"), workers_too, seen_by=("editor",)),
    "gaps": Shows(("gaps.page",), paged("/knowledge/gaps"), workers_too, seen_by=("editor", "analyst")),
    "one gap": Shows(
        ("gaps.record",),
        lambda visitor, shelves: "".join(visitor.get(f"/knowledge/gaps/{number}").text for number in GAPS),
        workers_too,
        seen_by=("editor", "analyst"),
    ),
    "standings as a file": Shows(
        ("care.export",), paged("/knowledge/quality.csv"), workers_too, seen_by=("editor",)
    ),
    "whose work is used": Shows(("care.authors",), paged("/knowledge/authors"), workers_too),
    "API list to re-check": Shows(
        ("api_articles.ToCheck",),
        listed("/api/v1/articles/to-check?limit=50"),
        workers_too,
        seen_by=("editor",),
    ),
    "API deflection": Shows(
        ("api_insight.Deflection",), paged("/api/v1/insight/deflection"), seen_by=("supervisor", "editor")
    ),
    "owner's notices": Shows(("notices.page",), paged("/notices"), workers_too, seen_by=("editor",)),
    "feedback": Shows(
        ("knowledge.page",), paged("/knowledge?list=feedback"), workers_too, seen_by=("editor",)
    ),
    "what one follows": Shows(
        ("following.page",),
        paged("/kb/followed"),
        whole=True,
        seen_by=("wang", "zhao", "agent"),
        offers=False,
    ),
    "queue of editors": Shows(
        ("knowledge.page",), paged("/knowledge?list=all"), workers_too, seen_by=("editor",)
    ),
}


@dataclass(frozen=True, slots=True)
class Asks:
    """A path that is asked with words that one article alone holds, and shows it to those who may read it."""

    endpoints: tuple[str, ...]
    ask: Callable[[Visitor, str], str]
    seen_by: tuple[str, ...] = ("wang", "agent", "engineer")


def _suggested(place: str) -> Callable[[Visitor, str], str]:
    def ask(visitor: Visitor, words: str) -> str:
        return visitor.post(
            "/ask/suggest", data={"text": words, "place": place}, headers=signed(visitor)
        ).text

    return ask


def _api_suggested(visitor: Visitor, words: str) -> str:
    return visitor.post("/api/v1/suggestions", json={"text": words}, headers=signed(visitor)).text


def _looked(visitor: Visitor, words: str) -> str:
    return visitor.post("/ask", data={"text": words, "step": "look"}, headers=signed(visitor)).text


def _got(path: str) -> Callable[[Visitor, str], str]:
    return lambda visitor, words: visitor.get(path + words).text


def signed(visitor: Visitor) -> dict[str, str]:
    """The CSRF token of this browser, asked for once."""
    token = getattr(visitor, "kept_token", None)
    if token is None:
        token = visitor.kept_token = visitor.token()  # type: ignore[attr-defined]
    return {"X-CSRFToken": token}


def _heard(visitor: Visitor, words: str) -> str:
    return visitor.post("/console/answers", data={"notes": words}, headers=signed(visitor)).text


ASKED: dict[str, Asks] = {
    "answers on a call": Asks(("console.answers",), _heard, seen_by=("agent",)),
    "suggestions while asking": Asks(("ask.suggest",), _suggested("ask")),
    "suggestions on the home page": Asks(("ask.suggest",), _suggested("home")),
    "asking without a script": Asks(("ask.page",), _looked),
    "API suggestions": Asks(("api_suggestions.Suggestions",), _api_suggested),
    "search": Asks(("search.page",), _got("/search?q=")),
    "API search": Asks(("api_suggestions.Search",), _got("/api/v1/search?q=")),
    "library": Asks(("reading.library",), _got("/kb?q=")),
    "completions": Asks(("search.typing",), _got("/search/typing?q=")),
    "explained search": Asks(("explaining.page",), _got("/search/why?q="), seen_by=("editor",)),
}


@dataclass(frozen=True, slots=True)
class Opens:
    """A path that opens one article: 404 for whom its rule does not admit, the article for all others."""

    endpoints: tuple[str, ...]
    path: Callable[[Sample], str]
    rule: Rule = readers
    form: dict[str, Any] | None = None
    shows: bool = True
    """Its words, and not merely that it is there."""
    only: frozenset[str] = field(default=frozenset())
    """Nobody else is let in at all; nobody named: everybody signed in."""
    also: Rule | None = None
    """What else may be shown beside it."""
    states: bool = True
    """Asked for every state; else one that readers have and one that they have not stand for all."""


POSTED: dict[str, Any] = {}

SINGLE: dict[str, Opens] = {
    "page": Opens(("reading.article",), lambda row: f"/kb/{row.number}", workers_too, also=readers),
    "related": Opens(
        ("reading.related",),
        lambda row: f"/kb/{row.number}/related",
        workers_too,
        shows=False,
        also=readers,
        states=False,
    ),
    "panel": Opens(("ask.answer",), lambda row: f"/ask/answers/article/{row.id}"),
    "panel, opened": Opens(
        ("ask.answer",), lambda row: f"/ask/answers/article/{row.id}", form=POSTED, states=False
    ),
    "verdict": Opens(
        ("verdicts.rate",), lambda row: f"/kb/{row.number}/verdict", form={"solved": "no"}, shows=False
    ),
    "verdict taken back": Opens(
        ("verdicts.take_back",),
        lambda row: f"/kb/{row.number}/verdict/back",
        form=POSTED,
        shows=False,
        states=False,
    ),
    "following": Opens(
        ("following.follow",), lambda row: f"/kb/{row.number}/follow", form=POSTED, shows=False, states=False
    ),
    "picture": Opens(("files.get",), lambda row: f"/files/{row.file}", workers_too, shows=False),
    "small picture": Opens(
        ("files.thumb",),
        lambda row: f"/files/{row.file}/thumb",
        workers_too,
        shows=False,
        states=False,
    ),
    "API": Opens(("api_articles.OneArticle",), lambda row: f"/api/v1/articles/{row.number}", workers_too),
    "API revisions": Opens(
        ("api_articles.Revisions",),
        lambda row: f"/api/v1/articles/{row.number}/revisions",
        workers_too,
        only=frozenset({"expert", "editor"}),
        states=False,
    ),
    "editing": Opens(
        ("knowledge.edit",),
        lambda row: f"/knowledge/{row.number}/edit",
        workers_too,
        shows=False,
        only=frozenset({"expert", "editor"}),
        also=workers_too,
        states=False,
    ),
    "evidence": Opens(
        ("care.evidence",),
        lambda row: f"/knowledge/{row.number}/evidence",
        workers_too,
        only=frozenset({"expert", "editor"}),
        also=workers_too,
        states=False,
    ),
    "correction": Opens(
        ("corrections.form",),
        lambda row: f"/kb/{row.number}/corrections",
        only=frozenset({"agent", "engineer", "editor"}),
        shows=False,
        states=False,
    ),
    "read on a call": Opens(
        ("console.read",),
        lambda row: f"/console/read/article/{row.id}",
        form=POSTED,
        only=frozenset({"agent"}),
        states=False,
    ),
    "history": Opens(
        ("knowledge.history",),
        lambda row: f"/knowledge/{row.number}/history",
        workers_too,
        only=frozenset({"expert", "editor"}),
        also=workers_too,
        states=False,
    ),
}
