"""How I want to be told: the page, what it keeps and refuses, and who is told what."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.people.models import Person
from portal.tickets.telling.groups import GROUPS, Group, Way
from portal.tickets.telling.wishes import Wishes, wishes_of
from tests.web.conftest import Clients


def chosen(maker: sessionmaker[Session], login: str) -> Wishes:
    with maker() as session:
        person = session.scalars(select(Person).where(Person.login == login)).one()
        return wishes_of(session, [person])[person.id]


def test_choices_are_kept(client: Clients, maker: sessionmaker[Session]) -> None:
    browser = client("wang")
    fields = {"mail-progress": "never", "portal-progress": "muted", "mail-talk": "digest", "digest": "17"}
    answer = browser.submit("/account/notices", {**fields, "quiet-from": "22", "quiet-to": "7"})
    assert answer.status_code == 302
    kept = chosen(maker, "wang")
    assert kept.mail[Group.PROGRESS] == Way.NEVER
    assert kept.mail[Group.TALK] == Way.DIGEST
    assert kept.muted == {Group.PROGRESS}
    assert (kept.hours.digest, kept.hours.quiet) == (17, (22, 7))
    assert 'value="17" selected' in browser.get("/account/notices").text


def test_what_waits_for_me_offers_no_silence_and_takes_none(
    client: Clients, maker: sessionmaker[Session]
) -> None:
    browser = client("wang")
    assert 'name="portal-answer"' not in browser.get("/account/notices").text
    browser.submit("/account/notices", {"portal-answer": "muted"})
    assert not chosen(maker, "wang").muted


def test_nonsense_changes_nothing(client: Clients, maker: sessionmaker[Session]) -> None:
    browser = client("wang")
    before = chosen(maker, "wang")
    browser.submit("/account/notices", {"mail-talk": "loudly", "digest": "99", "portal-talk": "x"})
    answer = browser.submit("/account/notices", {"quiet-from": "22"})
    assert answer.status_code == 422
    assert "开始和结束" in answer.text
    assert browser.submit("/account/notices", {"quiet-from": "7", "quiet-to": "7"}).status_code == 422
    assert chosen(maker, "wang") == before


def test_employees_choose_about_what_concerns_them(client: Clients) -> None:
    employee, staff = (
        client("wang").get("/account/notices").text,
        client("agent").get("/account/notices").text,
    )
    for group, about in GROUPS.items():
        assert (f'name="mail-{group}"' in employee) == (not about.staff_only)
        assert f'name="mail-{group}"' in staff


def test_without_a_mail_server_the_page_says_so(client: Clients) -> None:
    assert "还没有接通邮件" in client("wang").get("/account/notices").text


def test_who_is_told_what_is_drawn_from_the_table(client: Clients) -> None:
    page = client("agent").get("/notices/who").text
    assert "催单" in page
    assert "受理人、关注的人" in page
    employee = client("wang").get("/notices/who").text
    assert "内部备注" in page
    assert "请用户补充" in employee
    assert "质检评分" not in employee
    assert "内部备注" not in employee


def test_both_pages_speak_english(client: Clients) -> None:
    browser = client("wang")
    browser.submit("/language/en")
    for path in ("/account/notices", "/notices/who", "/notices"):
        page = browser.get(path)
        assert page.status_code == 200
