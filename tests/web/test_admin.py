"""Administration over HTTP: the journey, each refusal beside its control, nothing for anybody else."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.catalogue.models import DataService
from portal.db import transaction
from portal.people import login as sign
from portal.people.models import AuditEntry, Person
from portal.people.roles import Post
from portal.tickets.models import Ticket
from portal.tickets.words import Action
from tests.web.conftest import Clients, Filing, Moving
from tests.world import World

SECRET = re.compile(r"<code>([a-z0-9-]{19})</code>")
PLACES = (
    "/admin",
    "/admin/people/new",
    "/admin/people/wang",
    "/admin/units",
    "/admin/systems",
    "/admin/systems/mkt",
    "/admin/services",
    "/admin/services/new",
    "/admin/audit",
)


def version_of(maker: sessionmaker[Session], login: str) -> int:
    with maker() as session:
        return session.scalars(select(Person.version).where(Person.login == login)).one()


@pytest.mark.parametrize("login", ["wang", *(post.value for post in Post if post != Post.ADMIN)])
def test_nobody_else_gets_in(client: Clients, login: str) -> None:
    visitor = client(login)
    assert {visitor.get(place).status_code for place in PLACES} == {404}
    for deed in ("deactivate", "password", "unlock", "sessions/end", "posts", "details"):
        assert visitor.submit(f"/admin/people/zhao/{deed}", {"post": "admin"}).status_code == 404


def test_the_administrator_gets_in_everywhere(client: Clients, app: Flask) -> None:
    admin = client("admin")
    assert {admin.get(place).status_code for place in PLACES} == {200}
    assert admin.get("/admin/people/nobody").status_code == 404


def test_a_person_from_account_to_post_to_leaving(
    client: Clients, maker: sessionmaker[Session], filed: Filing, moved: Moving
) -> None:
    admin = client("admin")
    form = {"login": "fresh", "name": "方新", "unit": "ld-cy", "email": "f@example.com", "phone": "138"}
    shown = admin.submit("/admin/people/new", form)
    password = SECRET.search(shown.text)
    assert shown.status_code == 200 and password and shown.headers["Cache-Control"] == "no-store"
    assert password[1] not in admin.get("/admin/people/fresh").text
    assert password[1] not in admin.get("/admin/audit").text

    posts = {"post": ["agent"], "unit-agent": "ld", "seen": version_of(maker, "fresh")}
    assert admin.submit("/admin/people/fresh/posts", posts).status_code == 302
    fresh = client()
    assert fresh.sign_in("fresh", password[1]).status_code == 302
    number = filed()
    moved(number, Action.TAKE, "fresh")

    assert admin.submit("/admin/people/fresh/deactivate").status_code == 302
    assert fresh.get("/account").status_code == 302  # signed out
    assert client().sign_in("fresh", password[1]).status_code == 401
    with maker() as session:
        assert session.scalars(select(Ticket)).one().holder_id is None
        assert {line.action for line in session.scalars(select(AuditEntry))} == {
            "create",
            "posts",
            "deactivate",
        }
    assert "方新" in admin.get("/admin?state=closed").text
    assert admin.submit("/admin/people/fresh/reactivate").status_code == 302
    assert client().sign_in("fresh", password[1]).status_code == 302


def test_nobody_raises_themselves(client: Clients, maker: sessionmaker[Session]) -> None:
    admin = client("admin")
    raised = {"post": ["admin", "manager"], "seen": version_of(maker, "admin")}
    answer = admin.submit("/admin/people/admin/posts", raised)
    assert answer.status_code == 422 and "另一位管理员" in answer.text
    for deed in ("deactivate", "password", "sessions/end", "unlock"):
        assert admin.submit(f"/admin/people/admin/{deed}").status_code == 422
    # a raw field of the details form gives no post and changes no login, password or activity
    raw = {
        "name": "赵海陵", "unit": "hl", "seen": version_of(maker, "zhao"),
        "post": "admin", "posts": "admin", "login": "root", "active": "0", "password_hash": "x",
    }  # fmt: skip
    assert admin.submit("/admin/people/zhao/details", raw).status_code == 302
    with maker() as session:
        zhao = World.of(session).people["zhao"]
        assert zhao.active and not zhao.posts and zhao.password_hash != "x"


def test_posts_need_their_bounds_and_the_latest_version(
    client: Clients, maker: sessionmaker[Session]
) -> None:
    admin = client("admin")
    seen = version_of(maker, "wang")
    assert admin.submit("/admin/people/wang/posts", {"post": "agent", "seen": seen}).status_code == 422
    assert admin.submit("/admin/people/wang/posts", {"post": "king", "seen": seen}).status_code == 400
    stale = {"post": "manager", "seen": seen - 1}
    answer = admin.submit("/admin/people/wang/posts", stale)
    assert answer.status_code == 422 and "刚刚改过" in answer.text
    expert = {"post": "expert", "systems-expert": ["mkt", "oa"], "seen": seen}
    assert admin.submit("/admin/people/wang/posts", expert).status_code == 302
    assert client("wang").get("/faults").status_code == 200


def test_search_finds_people(client: Clients) -> None:
    admin = client("admin")
    assert "王小雨" in admin.get("/admin?q=小雨").text
    assert "王小雨" not in admin.get("/admin?q=海陵").text
    assert "王小雨" not in admin.get("/admin?q=%25").text  # a wildcard is a letter here
    assert "王小雨" not in admin.get("/admin?post=expert").text


def test_a_reset_password_signs_out_and_is_shown_once(client: Clients, maker: sessionmaker[Session]) -> None:
    wang, admin = client("wang"), client("admin")
    shown = admin.submit("/admin/people/wang/password")
    password = SECRET.search(shown.text)
    assert password and wang.get("/account").status_code == 302
    assert client().sign_in("wang").status_code == 401
    assert client().sign_in("wang", password[1]).status_code == 302


def test_sessions_and_tokens_end(client: Clients, maker: sessionmaker[Session]) -> None:
    wang, admin = client("wang"), client("admin")
    with transaction(maker) as session:
        token, text = sign.issue_token(session, World.of(session).people["wang"], "报表", scopes=["read"])
        number = token.id
    assert "报表" in admin.get("/admin/people/wang").text
    assert admin.submit(f"/admin/people/zhao/tokens/{number}/revoke").status_code == 404  # not zhao's
    assert admin.submit(f"/admin/people/wang/tokens/{number}/revoke").status_code == 302
    with transaction(maker) as session:
        assert sign.bearer(session, text) is None
    assert wang.get("/account").status_code == 200
    assert admin.submit("/admin/people/wang/sessions/end").status_code == 302
    assert wang.get("/account").status_code == 302


def test_units_and_systems(client: Clients, maker: sessionmaker[Session]) -> None:
    admin = client("admin")
    unit = {"above": "ld", "code": "ld-new", "name": "新局", "kind": "bureau"}
    assert admin.submit("/admin/units", unit).status_code == 302
    assert admin.submit("/admin/units", unit).status_code == 422
    assert admin.submit("/admin/units/ld-new", {"deed": "move", "above": "hl"}).status_code == 302
    assert admin.submit("/admin/units/hl", {"deed": "move", "above": "ld-new"}).status_code == 422
    assert admin.submit("/admin/units/hl", {"deed": "close"}).status_code == 422
    assert admin.submit("/admin/units/ld-new", {"deed": "close"}).status_code == 302
    assert admin.submit("/admin/units/ld-new", {"deed": "burn"}).status_code == 400
    system = {"code": "erp", "name": "物资系统", "version": "1.0"}
    assert admin.submit("/admin/systems", system).status_code == 302
    assert admin.submit("/admin/systems", system).status_code == 422
    module = {"deed": "module", "code": "bid", "name": "招标"}
    assert admin.submit("/admin/systems/erp", module).status_code == 302
    deployed = {"deed": "deploy", "unit": "ld", "version": "2.0", "since": "2026-03-01"}
    assert admin.submit("/admin/systems/erp", deployed).status_code == 302
    page = admin.get("/admin/systems/erp").text
    assert "招标" in page and "2.0" in page and "2026-03-01" in page
    assert admin.submit("/admin/systems/erp", {"deed": "retire"}).status_code == 302
    assert "物资系统" in admin.get("/admin/audit").text


def test_the_service_catalogue_is_for_everybody(client: Clients, maker: sessionmaker[Session]) -> None:
    admin = client("admin")
    form = {"name": "欠费<b>清单", "what": "明细", "how": "提交工单", "system": "mkt", "working_days": "3"}
    assert admin.submit("/admin/services/new", form).status_code == 302
    assert admin.submit("/admin/services/new", form).status_code == 422
    assert admin.submit("/admin/services/new", {**form, "name": ""}).status_code == 422
    page = client("wang").get("/services").text
    assert "欠费&lt;b&gt;清单" in page and "3 个工作日" in page and "category=data" in page
    assert "欠费&lt;" not in client("wang").get("/services?system=oa").text
    with maker() as session:
        number = session.scalars(select(DataService.id)).one()
    assert client("wang").submit(f"/admin/services/{number}/remove").status_code == 404
    assert admin.submit(f"/admin/services/{number}/remove").status_code == 302
    assert "欠费&lt;" not in client("wang").get("/services").text
    assert client().get("/services").status_code == 302  # signed-in people only
