"""The administrators' page of mail and robots: what it does, keeps and never shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal import config
from portal.db import transaction
from portal.delivery import claims
from portal.delivery.claims import Trouble
from portal.delivery.models import Delivery, Status, Webhook
from portal.people.models import AuditEntry
from tests.web.conftest import Clients, Visitor

URL = "http://10.20.0.9:8080/robot?key=very-secret-key"
FIELDS = {"name": "值班群", "kind": "generic", "url": URL, "events": ["urged", "asked"]}


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    """A closed network in which a robot lives."""
    return config.load(
        {
            "TIERDESK_DATA_DIR": str(tmp_path / "data"),
            "TIERDESK_ENCODER": "none",
            "TIERDESK_WEBHOOK_NETWORKS": "10.20.0.0/16",
        }
    )


def only(maker: sessionmaker[Session]) -> Webhook:
    with maker() as session:
        return session.scalars(select(Webhook)).one()


def added(browser: Visitor, **more: object) -> str:
    return browser.submit("/admin/robots/new", {**FIELDS, **more}).text


def test_a_robot_is_added_and_its_secret_shown_once(client: Clients, maker: sessionmaker[Session]) -> None:
    browser = client("admin")
    page = added(browser)
    hook = only(maker)
    assert hook.secret in page
    for path in ("/admin/robots", f"/admin/robots/{hook.id}", "/admin/audit"):
        text = browser.get(path).text
        assert "值班群" in text
        assert hook.secret not in text
        assert "very-secret-key" not in text


def test_changing_keeps_what_is_not_filled_in(client: Clients, maker: sessionmaker[Session]) -> None:
    browser = client("admin")
    added(browser)
    before = only(maker)
    answer = browser.submit(
        f"/admin/robots/{before.id}", {"name": "夜班群", "kind": "generic", "url": "", "events": ["told"]}
    )
    assert answer.status_code == 302
    after = only(maker)
    assert (after.name, after.url, after.secret, after.events) == ("夜班群", URL, before.secret, ["told"])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"url": "https://127.0.0.1/"}, "内网或本机"),
        ({"url": "http://169.254.169.254/latest"}, "内网或本机"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "内网或本机"),
        ({"url": "http://10.21.0.1/"}, "内网或本机"),
        ({"url": "ftp://10.20.0.1/"}, "https://"),
        ({"url": ""}, "请填写机器人的网址"),
        ({"name": ""}, "请填写名字"),
        ({"events": []}, "至少选择一种"),
    ],
)
def test_what_can_not_be_is_refused_and_nothing_typed_is_lost(
    client: Clients, maker: sessionmaker[Session], more: dict[str, object], words: str
) -> None:
    answer = client("admin").submit("/admin/robots/new", {**FIELDS, **more})
    assert answer.status_code == 422
    assert words in answer.text
    assert not more.get("name", "x") or 'value="值班群"' in answer.text
    with maker() as session:
        assert not session.scalars(select(Webhook)).all()
        assert not session.scalars(select(AuditEntry).where(AuditEntry.subject == "webhook")).all()


def test_pausing_trying_and_renewing(client: Clients, maker: sessionmaker[Session]) -> None:
    browser = client("admin")
    added(browser)
    hook = only(maker)
    deeds = f"/admin/robots/{hook.id}/deeds"
    assert "测试消息" in browser.submit(deeds, {"deed": "try"}, follow_redirects=True).text
    assert browser.submit(deeds, {"deed": "try"}).status_code == 422, "one at a time"
    fresh = browser.submit(deeds, {"deed": "secret"}).text
    assert only(maker).secret != hook.secret
    assert only(maker).secret in fresh
    browser.submit(deeds, {"deed": "off"})
    assert only(maker).active is False
    assert browser.submit(deeds, {"deed": "try"}).status_code == 422
    browser.submit(deeds, {"deed": "on"})
    assert only(maker).active is True
    assert browser.submit(deeds, {"deed": "nonsense"}).status_code == 400


def test_what_was_given_up_is_sent_once_more_and_its_trouble_is_words(
    client: Clients, maker: sessionmaker[Session]
) -> None:
    browser = client("admin")
    added(browser)
    hook = only(maker)
    browser.submit(f"/admin/robots/{hook.id}/deeds", {"deed": "try"})
    with transaction(maker) as session:
        row = session.scalars(select(Delivery)).one()
        lease, ids = claims.claim(session, mail=False, now=row.next_at)
        why = Trouble("机器人没有接受：%(what)s", {"what": "<script>alert(1)</script>"}, final=True)
        claims.failed(session, lease, ids, why, now=row.next_at)
        number = row.id
    page = browser.get(f"/admin/robots/{hook.id}").text
    assert "已放弃" in page
    assert "<script>alert" not in page
    assert re.search(r"机器人没有接受：&lt;script&gt;", page)
    browser.submit(f"/admin/robots/{hook.id}/deeds", {"deed": "again", "delivery": str(number)})
    with maker() as session:
        assert session.scalars(select(Delivery.status)).one() == Status.WAITING


def test_a_delivery_of_another_robot_is_not_there(client: Clients, maker: sessionmaker[Session]) -> None:
    browser = client("admin")
    added(browser)
    first = only(maker)
    browser.submit(f"/admin/robots/{first.id}/deeds", {"deed": "try"})
    added(browser, name="别的群")
    answer = browser.submit(f"/admin/robots/{first.id + 1}/deeds", {"deed": "again", "delivery": "1"})
    assert answer.status_code == 404


def test_nobody_else_finds_the_page(client: Clients, maker: sessionmaker[Session]) -> None:
    added(client("admin"))
    number = only(maker).id
    for login in ("wang", "agent", "manager", "dispatcher"):
        browser = client(login)
        for path in ("/admin/robots", "/admin/robots/new", f"/admin/robots/{number}"):
            assert browser.get(path).status_code == 404
        assert browser.submit(f"/admin/robots/{number}/deeds", {"deed": "off"}).status_code == 404
    assert client("admin").get("/admin/robots/99999999999999999999").status_code == 404


def test_the_metrics_count_what_waits(client: Clients) -> None:
    browser = client("admin")
    added(browser)
    browser.submit("/admin/robots/1/deeds", {"deed": "try"})
    text = browser.get("/metrics").text
    assert 'tierdesk_deliveries{channel="webhook",status="waiting"} 1.0' in text
    assert 'tierdesk_deliveries{channel="mail",status="failed"} 0.0' in text
