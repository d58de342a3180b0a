"""Robots over a real wire: what leaves the desk, how it is signed, what is never done."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from kb.flow import Refused
from portal.delivery import robots, wire
from portal.delivery.guard import target_of
from portal.delivery.hooks import harmless
from portal.delivery.models import Kind, Status, Webhook
from portal.delivery.robots import Invitation
from portal.people.models import AuditEntry
from portal.tickets.words import Action, Category
from tests.delivery.conftest import Office
from tests.delivery.servers import CERTIFICATE, Robot

EVERYTHING = frozenset({"taken", "asked", "commented", "noted", "urged", "told", "closed"})


def told(bot: Robot, index: int = -1) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bot.posts[index][2])
    return body


def test_a_generic_robot_gets_a_signed_message_with_facts_only(office: Office, bot: Robot) -> None:
    secret = office.invite(bot.url)
    number = office.file("王小雨的电费核算打不开")
    office.asks(number, note="身份证号写错了")
    office.carry()
    ((path, headers, body),) = bot.posts
    assert path == "/robot?key=very-secret-key"
    stamp = headers["X-Tierdesk-Timestamp"]
    right = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Tierdesk-Signature"] == f"v1={right}"
    message = told(bot)
    assert message["ticket"] == number
    assert message["event"] == "asked"
    assert message["url"] == f"https://desk.example.com/tickets/{number}"
    assert message["delivery"] == headers["X-Tierdesk-Delivery"]
    text = body.decode()
    for secret_words in ("王小雨", "电费核算打不开", "身份证", "wang", "agent"):
        assert secret_words not in text


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_that_somebody_wrote_leaves_by_default(office: Office, bot: Robot, kind: Kind) -> None:
    office.invite(bot.url, kind=kind, events=EVERYTHING)
    number = office.file("机密标题")
    office.asks(number, note="机密备注")
    office.says(number, "机密留言", "wang")
    office.carry()
    assert len(bot.posts) == 3
    assert not any("机密" in body.decode() for _path, _headers, body in bot.posts)


def test_a_title_leaves_when_an_administrator_says_so_but_never_that_of_a_complaint(
    office: Office, bot: Robot
) -> None:
    office.invite(bot.url, with_title=True, events=EVERYTHING)
    office.does(office.file("打印空白"), Action.TAKE, "agent")
    office.does(office.file("张三态度不好", category=Category.COMPLAINT), Action.TAKE, "supervisor")
    office.carry()
    assert [body.get("title") for body in (told(bot, 0), told(bot, 1))] == ["打印空白", None]


def test_a_wecom_robot_gets_markdown(office: Office, bot: Robot) -> None:
    office.invite(bot.url, kind=Kind.WECOM)
    number = office.file()
    office.asks(number)
    office.carry()
    message = told(bot)
    assert message["msgtype"] == "markdown"
    assert number in message["markdown"]["content"]
    assert f"(https://desk.example.com/tickets/{number})" in message["markdown"]["content"]


def test_a_dingtalk_robot_is_signed_in_its_address(office: Office, bot: Robot) -> None:
    office.invite(bot.url, kind=Kind.DINGTALK, secret="SECabc")
    office.asks(office.file())
    office.carry()
    query = parse_qs(urlsplit(bot.posts[0][0]).query)
    stamp = query["timestamp"][0]
    assert stamp == str(int(office.now.timestamp() * 1000))
    right = hmac.new(b"SECabc", f"{stamp}\nSECabc".encode(), hashlib.sha256).digest()
    assert base64.b64decode(query["sign"][0]) == right
    assert set(told(bot)["markdown"]) == {"title", "text"}


@pytest.mark.parametrize(
    "text",
    ["[a](http://evil)", "<@all>", "`x`", "@everyone", "a\n# b", "<font color='warning'>x</font>", "*_~|"],
)
def test_a_title_is_no_markdown(text: str) -> None:
    assert not set(harmless(text)) & set("<>[]()*_`#@~|\\\n")


def test_a_robots_no_is_no_success(office: Office, bot: Robot) -> None:
    office.invite(bot.url, kind=Kind.WECOM)
    bot.answers = [(200, {}, b'{"errcode":93000,"errmsg":"invalid webhook url <b>"}'), (200, {}, b"<html>")]
    office.asks(office.file())
    office.carry()
    hook = next(row for row in office.deliveries() if row.hook_id)
    assert (hook.status, hook.trouble_values) == (Status.FAILED, {"what": "93000 invalid webhook url <b>"})
    office.later(minutes=1)
    office.carry()
    assert "不是群机器人的回应" in next(row for row in office.deliveries() if row.hook_id).trouble
    office.later(minutes=5)
    office.carry()
    assert next(row for row in office.deliveries() if row.hook_id).status == Status.SENT


def test_redirects_are_not_followed(office: Office, bot: Robot) -> None:
    office.invite(bot.url)
    bot.answers = [(302, {"Location": f"http://127.0.0.1:{bot.port}/inside"}, b"")]
    office.asks(office.file())
    office.carry()
    assert len(bot.posts) == 1
    assert "不跟随" in next(row for row in office.deliveries() if row.hook_id).trouble


@pytest.mark.parametrize(
    ("status", "final"), [(400, True), (404, True), (429, False), (500, False), (503, False)]
)
def test_what_can_not_get_better_is_given_up(office: Office, bot: Robot, status: int, final: bool) -> None:
    office.invite(bot.url)
    bot.answers = [(status, {}, b"")]
    office.asks(office.file())
    office.carry()
    hook = next(row for row in office.deliveries() if row.hook_id)
    assert hook.status == (Status.GIVEN_UP if final else Status.FAILED)


def test_an_address_that_moved_inside_is_refused_at_sending_too(office: Office, bot: Robot) -> None:
    office.invite(bot.url)
    office.settings = replace(office.settings, webhook_networks=())
    office.asks(office.file())
    office.carry()
    assert not bot.posts
    assert "内网" in next(row for row in office.deliveries() if row.hook_id).trouble


def test_a_silent_robot_costs_one_waiting_time_a_round(office: Office, bot: Robot) -> None:
    address = bot.url.replace(str(bot.port), "1")
    with pytest.raises(Refused, match="端口"):
        office.invite(address)
    office.invite(bot.url)
    with office.deed() as session:
        session.scalars(select(Webhook)).one().url = "http://127.0.0.1:1025/"
    for _ticket in range(3):
        office.asks(office.file())
    office.carry()
    hooks = [row for row in office.deliveries() if row.hook_id]
    assert [row.attempts for row in hooks] == [1, 1, 1]


def test_time_runs_out(office: Office, bot: Robot) -> None:
    bot.hold.clear()
    with pytest.raises(wire.NoAnswer) as problem:
        wire.post(target_of(bot.url), b"{}", {}, networks=office.settings.webhook_networks, seconds=0.2)
    assert problem.value.trouble.sentence == "对方太久没有回应。"


def test_of_a_long_answer_only_the_beginning_is_read(office: Office, bot: Robot) -> None:
    bot.answers = [(200, {}, b"x" * 100_000)]
    answer = wire.post(target_of(bot.url), b"{}", {}, networks=office.settings.webhook_networks)
    assert len(answer.body) == wire.MOST_BYTES


def test_tls_is_verified_for_the_name_though_the_address_is_pinned(office: Office) -> None:
    with _secure_server() as port:
        target = target_of(f"https://localhost:{port}/x")
        networks = (*office.settings.webhook_networks, *_loopback6())
        with pytest.raises(wire.NoAnswer) as problem:
            wire.post(target, b"{}", {}, networks=networks)
        assert problem.value.trouble.sentence == "对方的证书没有通过验证。"
        trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
        assert wire.post(target, b"{}", {}, networks=networks, context=trusting).status == 200


def _loopback6() -> tuple[Any, ...]:
    from ipaddress import ip_network

    return (ip_network("::1/128"),)


class _secure_server:  # noqa: N801 - reads as a word where it is used
    """Answers 200 over TLS on every address that localhost has."""

    def __enter__(self) -> int:
        import socket
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Quiet."""

        family, *_rest, address = socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)[0]
        made = type("Server", (ThreadingHTTPServer,), {"address_family": family})
        self.server = made((address[0], 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return int(self.server.server_address[1])

    def __exit__(self, *_problem: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


# ── what administrators do ───────────────────────────────────────────────────────────────────────


def test_only_chosen_events_of_chosen_systems_are_told(office: Office, bot: Robot) -> None:
    office.invite(bot.url, systems=frozenset({"oa"}))
    office.asks(office.file(system="mkt"))
    office.asks(office.file(system="oa"))
    office.carry()
    assert [told(bot)["system"]] == ["oa"]
    assert len(bot.posts) == 1


def test_a_paused_robot_hears_nothing_also_of_what_waited(office: Office, bot: Robot) -> None:
    office.invite(bot.url)
    office.asks(office.file())
    office.route()
    with office.deed() as session:
        hook = session.scalars(select(Webhook)).one()
        robots.switch(session, hook, on=False, by=office.person(session, "admin"))
    office.asks(office.file())
    office.carry()
    assert not bot.posts


def test_a_new_secret_signs_from_the_next_message_on(office: Office, bot: Robot) -> None:
    former = office.invite(bot.url)
    with office.deed() as session:
        hook = session.scalars(select(Webhook)).one()
        fresh = robots.renew_secret(session, hook, by=office.person(session, "admin"))
    assert fresh != former
    office.asks(office.file())
    office.carry()
    _path, headers, body = bot.posts[0]
    signed = headers["X-Tierdesk-Timestamp"].encode() + b"." + body
    right = hmac.new(fresh.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Tierdesk-Signature"] == f"v1={right}"


def test_a_test_message_goes_the_way_of_every_other(office: Office, bot: Robot) -> None:
    office.invite(bot.url)
    with office.deed() as session:
        robots.try_out(session, session.scalars(select(Webhook)).one(), by=office.person(session, "admin"))
    office.carry()
    assert told(bot)["event"] == "test"


def test_only_administrators_manage_robots_and_no_secret_is_in_the_audit(office: Office, bot: Robot) -> None:
    secret = office.invite(bot.url)
    with office.deed() as session:
        hook = session.scalars(select(Webhook)).one()
        given = Invitation("x", Kind.GENERIC, bot.url, frozenset({"urged"}))
        for login in ("wang", "manager", "agent"):
            person = office.person(session, login)
            for deed in (
                lambda by=person: robots.invite(session, given, office.settings, by=by),
                lambda by=person: robots.change(session, hook, given, office.settings, by=by),
                lambda by=person: robots.switch(session, hook, on=False, by=by),
                lambda by=person: robots.renew_secret(session, hook, by=by),
                lambda by=person: robots.try_out(session, hook, by=by),
            ):
                with pytest.raises(Refused, match="只有系统管理员"):
                    deed()
        written = str([row.detail for row in session.scalars(select(AuditEntry))])
        assert "create" in [row.action for row in session.scalars(select(AuditEntry))]
    assert secret not in written
    assert "very-secret-key" not in written
    assert "very-secret-key" not in robots.shown_address(hook)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": " "}, "名字"),
        ({"events": frozenset()}, "至少选择一种"),
        ({"events": frozenset({"nonsense"})}, "至少选择一种"),
    ],
)
def test_an_invitation_that_can_not_be_is_refused(office: Office, bot: Robot, more: Any, words: str) -> None:
    with pytest.raises(Refused, match=words):
        office.invite(bot.url, **more)
