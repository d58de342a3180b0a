"""A form sent when the sign-in has run out, and an address for deeds opened as a page: both lead on."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.people.models import LoginSession
from portal.tickets.words import Action, Category
from tests.web.conftest import HTMX, Clients, Filing, Moving
from tests.world import PASSWORD

HOST = "http://localhost"


def run_out(maker: sessionmaker[Session]) -> None:
    """What the worker and the clock do to a sign-in that is too old."""
    with transaction(maker) as session:
        session.execute(delete(LoginSession))


# ── the sign-in has run out ──────────────────────────────────────────────────────────────────────


def test_whoever_is_signed_out_is_led_back_to_the_page_they_wrote_on(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    browser, number = client("wang"), filed()
    token, page = browser.token(), f"/my/tickets/{number}"
    run_out(maker)
    said = {"csrf_token": token, "text": "补充一句"}
    answer = browser.post(f"{page}/comments", data=said, headers={"Referer": f"{HOST}{page}?a=1"})
    assert answer.status_code == 400
    assert "登录已过期" in answer.text
    assert "浏览器会保留" not in answer.text
    assert f'href="/sign-in?next={page}?a%3D1"' in answer.text
    assert "data-expired" in answer.text


def test_a_page_of_an_earlier_sign_in_is_opened_again(client: Clients, filed: Filing) -> None:
    browser, page = client("wang"), f"/my/tickets/{filed()}"
    said = {"csrf_token": "of another session", "text": "补充一句"}
    answer = browser.post(f"{page}/comments", data=said, headers={"Referer": HOST + page})
    assert answer.status_code == 400
    assert "页面放得太久了" in answer.text
    assert f'href="{page}"' in answer.text


@pytest.mark.parametrize(
    "said", ["https://evil.example/x", f"{HOST}//evil.example", "", "nonsense", "http://[x"]
)
def test_the_way_back_never_leaves_the_site(client: Clients, said: str) -> None:
    answer = client().post("/ask", data={"text": "x"}, headers={"Referer": said})
    assert answer.status_code == 400
    assert 'href="/sign-in?next=/"' in answer.text


def test_a_part_of_a_page_names_the_page_to_come_back_to(
    client: Clients, maker: sessionmaker[Session]
) -> None:
    browser = client("agent")
    here = {**HTMX, "HX-Current-URL": f"{HOST}/console?caller=3"}
    run_out(maker)
    asked = browser.get("/console/callers?who=a", headers=here)
    assert asked.status_code == 401
    assert asked.headers["HX-Redirect"] == "/sign-in?next=/console?caller%3D3"
    sent = browser.post("/console/answers", data={"notes": "a"}, headers=here)
    assert sent.headers["HX-Retarget"] == "#messages"
    assert 'href="/sign-in?next=/console?caller%3D3"' in sent.text


def test_a_sign_in_page_left_open_over_night_is_shown_anew(client: Clients) -> None:
    fields = {"login": "wang", "password": PASSWORD, "next": "/my/tickets", "csrf_token": "of yesterday"}
    answer = client().post("/sign-in", data=fields)
    assert answer.status_code == 400
    assert "请再输一次密码" in answer.text
    assert re.search(r'<input[^>]*name="login"[^>]*value="wang"', answer.text)
    assert 'name="next" type="hidden" value="/my/tickets"' in answer.text


def test_whoever_is_signed_in_needs_no_sign_in_page(client: Clients) -> None:
    browser = client("wang")
    assert browser.get("/sign-in?next=/my/tickets").headers["Location"] == "/my/tickets"
    assert browser.get("/sign-in?next=//evil.example").headers["Location"] == "/"
    assert client().get("/sign-in").status_code == 200


# ── an address for deeds, opened as a page ───────────────────────────────────────────────────────


def test_the_address_of_a_deed_opened_as_a_page_leads_to_the_page_around_it(
    client: Clients, filed: Filing
) -> None:
    browser, page = client("wang"), f"/my/tickets/{filed()}"
    for deed in ("urges", "moves/confirm", "watchers"):
        assert browser.get(f"{page}/{deed}").headers["Location"] == page
    assert browser.get("/ask/me-too/7").headers["Location"] == "/ask"


def test_an_address_with_no_page_around_it_still_says_so(client: Clients) -> None:
    browser = client("wang")
    assert browser.get("/language/en").status_code == 405
    assert browser.get("/sign-out").status_code == 405
    assert browser.put("/my/tickets/GD1/urges").status_code == 405


def test_the_language_can_be_changed_on_the_page_of_a_refused_deed(client: Clients, filed: Filing) -> None:
    browser, page = client("wang"), f"/my/tickets/{filed()}"
    refused = browser.submit(f"{page}/comments", {"text": ""})
    assert refused.status_code == 422
    assert f'name="next" value="{page}/comments' in refused.text
    changed = browser.submit("/language/en", {"next": f"{page}/comments"}, follow_redirects=True)
    assert changed.status_code == 200
    assert 'lang="en"' in changed.text


# ── the ticket has moved on meanwhile ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("moves/reopen", {"note": "还是不行"}),
        ("moves/supply", {"note": "还是不行"}),
        ("urges", {"words": "还是不行"}),
    ],
)
def test_words_for_a_deed_that_is_no_longer_offered_are_not_lost(
    client: Clients, filed: Filing, moved: Moving, deed: str, words: dict[str, str]
) -> None:
    number = filed("会议室怎么申请", category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ANSWER, "agent", note="在首页点会议预定")
    browser = client("wang")
    moved(number, Action.CONFIRM, "wang", rating=5)
    answer = browser.submit(f"/my/tickets/{number}/{deed}", words)
    assert answer.status_code == 422
    assert 'id="homeless"' in answer.text
    assert "还是不行" in answer.text


def test_nobody_is_offered_to_urge_while_it_waits_for_themselves(
    client: Clients, filed: Filing, moved: Moving
) -> None:
    browser, number = client("wang"), filed()
    assert "催一下" in browser.get(f"/my/tickets/{number}").text
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ASK, "agent", note="哪个页面？")
    assert "催一下" not in browser.get(f"/my/tickets/{number}").text
