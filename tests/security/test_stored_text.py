"""Hostile words in every field of an article, seen through every page, fragment and file that shows them.

Each page is read as a browser reads it. With the sanitizer or the escaping taken away, the same reading
finds what would run: both are tested, so that a guard that is removed is noticed.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb import articles, markdown
from kb.articles import ArticleText
from kb.exporting.articles import COLUMNS, article_rows
from kb.exporting.files import write_csv, write_jsonl
from kb.flow import ArticleAction, Duty
from kb.models import Article
from portal.config import Settings
from portal.db import transaction
from portal.delivery.mail import Envelope, Item, letter, one_line
from portal.people.models import Person
from portal.tickets.attachments import clean_name
from tests.security.payloads import PAYLOADS, SHARP
from tests.security.reading_pages import faults_of, names_on, read
from tests.web.conftest import Clients, Visitor
from tests.world import MOMENT, World

#: Everything against everything: minutes with its like in the other modules.
pytestmark = pytest.mark.slow

TAME = "点保存时报错"
BEFORE = "先前的话"
#: What every hostile article also says, so that searches and suggestions come upon it.
WORDS = "密码过期"
Maker = sessionmaker[Session]


def text_of(payload: str) -> ArticleText:
    """The payload in every field that an author types."""
    body = (
        f"{WORDS}\n\n{payload}\n\n1. {payload}\n\n[[KB000001|{payload}]] [[KB000001]]\n\n"
        f"!!! 注意 {payload}\n    {payload}\n"
    )
    title = f"{WORDS} {payload}"[:300]
    return ArticleText(
        title=title, body=body, system="oa", keywords=(payload[:200],), also=(f"{WORDS}了 {payload}",)
    )


def shelve(session: Session, payload: str) -> str:
    """An article that readers see, with two revisions, moves, a verdict and a flag, all of the same words."""
    people = World.of(session).people
    article = articles.write(session, text_of(BEFORE), by=people["editor"].id)
    articles.revise(session, article, text_of(payload), by=people["editor"].id, note=payload[:300])
    duties = frozenset(Duty)
    articles.move(session, article, ArticleAction.SUBMIT, by=people["editor"].id, duties=duties)
    articles.move(
        session, article, ArticleAction.PUBLISH, by=people["manager"].id, duties=duties, note=payload
    )
    articles.rate(session, article, by=people["wang"].id, solved=False, words=payload)
    articles.flag(session, article, by=people["agent"].id, words=payload)
    return article.number


@pytest.fixture
def shelved(
    maker: Maker, desk_world: World, reindex: Callable[[], None]
) -> Callable[[tuple[str, ...]], list[str]]:
    """A tame article first, then one for each payload; the numbers in this order."""

    def fill(payloads: tuple[str, ...]) -> list[str]:
        with transaction(maker) as session:
            numbers = [shelve(session, payload) for payload in (TAME, *payloads)]
        reindex()
        return numbers

    return fill


def pages_of(number: str) -> tuple[tuple[str, str], ...]:
    """(who looks, where) for the pages of one article."""
    return (
        ("wang", f"/kb/{number}"),
        ("editor", f"/kb/{number}"),
        ("editor", f"/knowledge/{number}/history"),
        ("editor", f"/knowledge/{number}/history?a=1&b=1"),
        ("editor", f"/knowledge/{number}/edit"),
        ("editor", f"/knowledge/new?translation_of={number}"),
    )


#: (who looks, where): lists, searches and fragments that show many articles at once.
LISTS = (
    ("wang", "/"),
    ("wang", "/kb"),
    ("wang", "/kb?sort=popular"),
    ("wang", f"/kb?q={WORDS}"),
    ("wang", f"/search?q={WORDS}"),
    ("wang", f"/search/typing?q={WORDS}"),
    ("editor", "/knowledge?list=all"),
    ("editor", "/knowledge?list=mine"),
    ("editor", "/knowledge?list=due"),
    ("editor", "/knowledge?list=feedback"),
    ("editor", f"/knowledge/alike?title={WORDS}"),
    ("editor", f"/knowledge/targets?q={WORDS}"),
    ("editor", "/knowledge/targets?q=script"),
    ("agent", f"/search?q={WORDS}"),
    ("manager", "/figures"),
)


def test_each_article_page_stays_a_page_of_the_desk(
    client: Clients, shelved: Callable[[tuple[str, ...]], list[str]]
) -> None:
    tame, *hostile = shelved(SHARP)
    browsers = {login: client(login) for login in ("wang", "editor")}
    for place, (login, address) in enumerate(pages_of(tame)):
        known = names_on(browsers[login].get(address).text)
        for number, payload in zip(hostile, SHARP, strict=True):
            answer = browsers[login].get(pages_of(number)[place][1])
            assert answer.status_code == 200
            assert faults_of(answer.text, known=known) == [], f"{payload!r} on {address}"


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 42))
def test_lists_searches_and_fragments_stay_what_they_are(
    client: Clients, shelved: Callable[[tuple[str, ...]], list[str]], start: int
) -> None:
    shelved(PAYLOADS[start : start + 42])
    for login, address in LISTS:
        browser = client(login)
        for page in (1, 2):
            answer = browser.get(f"{address}{'&' if '?' in address else '?'}page={page}")
            assert answer.status_code == 200, address
            assert faults_of(answer.text) == [], address


def asked(browser: Visitor, path: str, **fields: str) -> str:
    answer = browser.submit_fragment(path, fields)
    assert answer.status_code == 200, path
    return answer.text


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 42))
def test_suggestions_readings_and_previews_stay_what_they_are(
    client: Clients, shelved: Callable[[tuple[str, ...]], list[str]], maker: Maker, start: int
) -> None:
    payloads = PAYLOADS[start : start + 42]
    shelved(payloads)
    wang, agent, editor = client("wang"), client("agent"), client("editor")
    assert faults_of(asked(wang, "/ask/suggest", text=WORDS, place="ask")) == []
    assert faults_of(asked(agent, "/console/answers", notes=WORDS)) == []
    with maker() as session:
        ids = list(session.scalars(select(Article.id).order_by(Article.id)))
    for id_, payload in zip(ids[1:], payloads, strict=True):
        assert faults_of(asked(agent, f"/console/read/article/{id_}", notes=payload)) == [], payload
        assert faults_of(asked(editor, "/knowledge/preview", title=payload, body=payload)) == [], payload
        assert faults_of(asked(wang, "/ask/suggest", text=payload, place="ask")) == [], payload


def test_what_is_refused_comes_back_as_words(
    client: Clients, shelved: Callable[[tuple[str, ...]], list[str]]
) -> None:
    (number,) = shelved(())
    editor = client("editor")
    known = names_on(editor.submit(f"/knowledge/{number}/edit", {"title": "", "body": TAME}).text)
    for payload in SHARP:
        fields = dict.fromkeys(("body", "also", "keywords", "note", "translation", "seen", "kind"), payload)
        answer = editor.submit(f"/knowledge/{number}/edit", {"title": "", **fields})
        assert answer.status_code == 422
        assert faults_of(answer.text, known=known) == [], payload


#: Pages that are no pages: streams, files, what a robot reads.
NO_PAGES = ("/notices/live", "/healthz", "/readyz", "/metrics", "/sign-out")


@pytest.mark.parametrize("login", ["wang", "agent", "editor", "manager", "admin"])
def test_every_page_without_a_variable_stays_what_it_is(
    app: Flask, client: Clients, shelved: Callable[[tuple[str, ...]], list[str]], login: str
) -> None:
    """The pages come from the route table, so that a page that begins to name articles is met on that day."""
    shelved(SHARP)
    browser, read_ones = client(login), 0
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.arguments or "GET" not in (rule.methods or ()) or rule.rule in NO_PAGES:
            continue
        answer = browser.get(rule.rule)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            assert faults_of(answer.text) == [], rule.rule
            read_ones += 1
    assert read_ones >= 8


def test_the_feed_is_whole_and_holds_words_alone(
    client: Clients, shelved: Callable[[tuple[str, ...]], list[str]]
) -> None:
    shelved(SHARP)
    answer = client("wang").get("/kb/feed")
    assert answer.mimetype == "application/atom+xml"
    tree = ElementTree.fromstring(answer.text)
    names = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert not names & {"script", "img", "svg", "a", "iframe"}
    for words in (element.text or "" for element in tree.iter() if element.get("type") == "html"):
        assert faults_of(words) == []


def _say(text: str, **values: object) -> str:
    return text % values if values else text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_mail_about_an_article_holds_words_alone(settings: Settings, payload: str) -> None:
    """Notices name articles by their titles; the text of an article is never mailed."""
    reader = Person(login="wang", name=payload, email="wang@example.com")
    about = Item(one_line(f"您负责的知识 KB000001 要复核：{payload}"), one_line(payload), "")
    made = Envelope(key="1", made_at=MOMENT, now=MOMENT)
    mail = letter([about], reader, replace(settings, smtp_from="desk@example.com"), say=_say, envelope=made)
    html = mail.get_body(("html",))
    assert html is not None
    assert faults_of(html.get_content()) == []
    assert not [element for element in read(html.get_content()) if element.tag in ("script", "img", "a")]
    assert [name for name in mail if name.lower() in ("bcc", "cc")] == []


def test_json_is_json_and_no_page(client: Clients, shelved: Callable[[tuple[str, ...]], list[str]]) -> None:
    numbers = shelved(SHARP)
    editor = client("editor")
    for address in (
        f"/api/v1/articles/{numbers[-1]}",
        "/api/v1/articles?limit=100",
        f"/api/v1/search?q={WORDS}",
    ):
        answer = editor.get(address)
        assert answer.mimetype == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert json.loads(answer.text)


def test_exported_words_are_words_again_and_no_formula(
    maker: Maker, shelved: Callable[[tuple[str, ...]], list[str]]
) -> None:
    shelved(SHARP)
    with maker() as session:
        rows = list(article_rows(session, select(Article)))
        table, lines = io.BytesIO(), io.BytesIO()
        write_csv(table, COLUMNS, rows)
        write_jsonl(lines, COLUMNS, rows)
    for row in csv.reader(io.StringIO(table.getvalue().decode("utf-8-sig"))):
        assert not [cell for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    told = [json.loads(line) for line in lines.getvalue().decode().splitlines()]
    assert [row["body"] for row in told] == [row["body"] for row in rows]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_name_of_a_file_is_no_markup(payload: str) -> None:
    name = clean_name(f"{payload}.png")
    assert faults_of(str(markdown.render(f"![{name}](/files/1) [{name}](/files/1)"))) == []
    assert not set(name) & set('<>"/\\')


# ── the guards are what keeps it so ──────────────────────────────────────────────────────────────


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(markdown, "clean_html", lambda html: html)
    markdown._rendered.cache_clear()
    yield
    markdown._rendered.cache_clear()


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.mark.usefixtures("unguarded")
def test_without_the_sanitizer_the_same_reading_finds_it(
    client: Clients, shelved: Callable[[tuple[str, ...]], list[str]]
) -> None:
    number = shelved((HOSTILE,))[1]
    assert faults_of(client("wang").get(f"/kb/{number}").text)


def test_without_escaping_the_same_reading_finds_it(
    app: Flask, client: Clients, shelved: Callable[[tuple[str, ...]], list[str]]
) -> None:
    number = shelved((HOSTILE,))[1]
    app.jinja_env.bytecode_cache = (
        None  # shared: neither read what escapes from it nor leave in it what doesn't
    )
    app.jinja_env.autoescape = False
    for address in (f"/knowledge/{number}/history", f"/knowledge/{number}/edit", "/knowledge?list=feedback"):
        assert faults_of(client("editor").get(address).text), address


def test_what_an_article_says_is_still_there(
    client: Clients, shelved: Callable[[tuple[str, ...]], list[str]]
) -> None:
    """The positive control: nothing was kept safe by being left out."""
    number = shelved((HOSTILE,))[1]
    page = client("editor").get(f"/knowledge/{number}/history").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert any(element.tag == "ins" for element in read(page))
