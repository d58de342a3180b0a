"""The API as a program uses it: every resource once, each refusal beside its positive control."""

from __future__ import annotations

import io
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.articles import ArticleText, move, write
from kb.flow import ArticleAction, Duty
from portal.db import transaction
from portal.finder.models import Consultation, Outcome
from portal.people.models import ApiToken
from portal.tickets.words import Action
from tests.api.conftest import Programs
from tests.web.conftest import Clients, Filing, Moving
from tests.world import World

ALL = frozenset(Duty)


def published(maker: sessionmaker[Session], title: str, body: str, **more: object) -> int:
    """An article that everybody it is for can read."""
    with transaction(maker) as session:
        people = World.of(session).people
        article = write(session, ArticleText(title, body, **more), by=people["editor"].id)  # type: ignore[arg-type]
        move(session, article, ArticleAction.SUBMIT, by=people["editor"].id, duties=ALL)
        move(session, article, ArticleAction.PUBLISH, by=people["expert"].id, duties=ALL)
        return article.id


def test_without_a_token_nothing_is_told(program: Programs) -> None:
    answer = program("").get("/people/me")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert program("wang").get("/people/me").json["login"] == "wang"  # type: ignore[index]


def test_a_token_that_was_revoked_or_never_issued_is_none(
    program: Programs, maker: sessionmaker[Session]
) -> None:
    caller = program("wang")
    assert caller.get("/people/me").status_code == 200
    with transaction(maker) as session:
        token = session.scalars(select(ApiToken)).one()
        assert token.last_used_at is not None, "the use was noted after the answer"
        token.revoked_at = token.created_at
    assert caller.get("/people/me").status_code == 401
    caller.headers = {"Authorization": "Bearer tdk_guessed"}
    assert caller.get("/people/me").status_code == 401


def test_a_reading_token_does_not_write(program: Programs) -> None:
    ticket = {"text": "打印机没反应", "category": "consultation", "system": "oa"}
    assert program("wang", ("read",)).post("/tickets", ticket).status_code == 403
    assert program("wang").post("/tickets", ticket).status_code == 201


def test_a_browser_session_needs_the_csrf_token(client: Clients) -> None:
    browser = client("wang")
    ticket = {"text": "打印机没反应", "category": "consultation", "system": "oa"}
    assert browser.post("/api/v1/tickets", json=ticket).status_code == 400
    headers = {"X-CSRFToken": browser.token()}
    assert browser.post("/api/v1/tickets", json=ticket, headers=headers).status_code == 201


def test_a_ticket_from_filing_to_its_first_move(program: Programs) -> None:
    mine, agent = program("wang"), program("agent")
    filed = mine.post("/tickets", {"text": "收文怎么转会签？", "category": "consultation", "system": "oa"})
    assert filed.status_code == 201
    number = filed.json["number"]  # type: ignore[index]
    assert number in [row["number"] for row in mine.get("/tickets", mine="true").json["items"]]  # type: ignore[index]
    moves = agent.get(f"/tickets/{number}/moves").json
    assert [step["action"] for step in moves] == ["take", "merge"]  # type: ignore[union-attr]
    taken = agent.post(f"/tickets/{number}/moves", {"action": "take", "version": filed.json["version"]})  # type: ignore[index]
    assert taken.status_code == 200
    assert taken.json["state"] == "open"  # type: ignore[index]
    late = agent.post(f"/tickets/{number}/moves", {"action": "release", "version": filed.json["version"]})  # type: ignore[index]
    assert late.status_code == 409


def test_an_agent_files_for_the_callers_they_serve(program: Programs) -> None:
    ticket = {"text": "收文怎么转会签？", "category": "consultation", "system": "oa"}
    for login in ("agent", "wang"):  # another unit's caller; nobody who answers calls
        assert program(login).post("/tickets", {**ticket, "requester": "zhao"}).status_code == 404
    filed = program("agent").post("/tickets", {**ticket, "requester": "wang"})
    assert filed.json["requester"]["login"] == "wang"  # type: ignore[index]


def test_a_refused_move_says_why(program: Programs, filed: Filing) -> None:
    number = filed()
    agent = program("agent")
    assert agent.post(f"/tickets/{number}/moves", {"action": "take"}).status_code == 200
    refused = agent.post(f"/tickets/{number}/moves", {"action": "answer", "note": "好了"})
    assert refused.status_code == 422
    assert "升级中台" in refused.json["detail"]  # type: ignore[index]
    handed = agent.post(f"/tickets/{number}/moves", {"action": "escalate", "note": "已核对版本"})
    assert handed.json["tier"] == "middle"  # type: ignore[index]


def test_a_foreign_ticket_is_not_there_on_any_path(program: Programs, filed: Filing) -> None:
    number = filed()
    stranger, owner = program("zhao"), program("wang")
    for path in ("", "/moves", "/trail", "/comments", "/attachments"):
        assert stranger.get(f"/tickets/{number}{path}").status_code == 404, path
        assert owner.get(f"/tickets/{number}{path}").status_code == 200, path
    assert stranger.post(f"/tickets/{number}/comments", {"text": "看看"}).status_code == 404
    assert stranger.post(f"/tickets/{number}/urges").status_code == 404
    assert owner.post(f"/tickets/{number}/urges").status_code == 204


def test_colleagues_words_stay_among_colleagues(program: Programs, filed: Filing, moved: Moving) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="疑似误操作")
    program("expert").post(f"/tickets/{number}/comments", {"text": "内部看法", "internal": True})
    owner, expert = program("wang"), program("expert")
    assert "疑似误操作" not in owner.get(f"/tickets/{number}/trail").text
    assert "疑似误操作" in expert.get(f"/tickets/{number}/trail").text
    assert owner.get(f"/tickets/{number}/comments").json == []
    assert len(expert.get(f"/tickets/{number}/comments").json) == 1  # type: ignore[arg-type]


def test_files_by_multipart(program: Programs, filed: Filing) -> None:
    number = filed()
    owner = program("wang")
    sent = owner.client.post(
        f"/api/v1/tickets/{number}/attachments",
        headers=owner.headers,
        data={"files": (io.BytesIO("报错时间 9:07\n".encode()), "说明.txt")},
    )
    assert sent.status_code == 201, sent.text
    assert owner.get(f"/tickets/{number}/attachments").json[0]["name"] == "说明.txt"  # type: ignore[index]


def test_suggestions_and_what_came_of_them(
    program: Programs, maker: sessionmaker[Session], reindex: Callable[[], None]
) -> None:
    article = published(
        maker, "公文怎么撤回", "在待办里点撤回，对方未办理时可撤回公文。", also=("发错公文了",)
    )
    reindex()
    caller = program("wang")
    answer = caller.post("/suggestions", {"text": "公文怎么撤回"}).json
    assert answer is not None
    assert answer["items"][0]["id"] == article
    assert answer["items"][0]["why"]
    assert answer["calibration"]["version"].startswith("cold-")
    assert answer["calibration"]["counted"] is False
    token = answer["session"]
    solved = {"solved_by": {"kind": "article", "id": article}}
    assert program("zhao").post(f"/suggestions/{token}/outcome", solved).status_code == 404
    assert caller.post(f"/suggestions/{token}/outcome", solved).status_code == 204
    with maker() as session:
        consultation = session.scalars(select(Consultation)).one()
        assert consultation.outcome == Outcome.SOLVED
        assert consultation.calibration == answer["calibration"]["version"]


def test_search_counts_only_what_the_caller_may_see(
    program: Programs, maker: sessionmaker[Session], reindex: Callable[[], None]
) -> None:
    published(maker, "电费重算说明", "重算后次日出账单。", units=("hl",))
    reindex()
    assert program("zhao").get("/search", q="电费重算").json["total"] == 1  # type: ignore[index]
    unseen = program("wang").get("/search", q="电费重算").json
    assert unseen["total"] == 0  # type: ignore[index]
    assert unseen["facets"].get("kind", []) == []  # type: ignore[index]


def test_an_article_through_its_life(program: Programs) -> None:
    editor = program("editor")
    draft = {"title": "公文撤回", "body": "点撤回。", "kind": "howto"}
    assert program("wang").post("/articles", draft).status_code == 404
    number = editor.post("/articles", draft).json["number"]  # type: ignore[index]
    assert program("wang").get(f"/articles/{number}").status_code == 404
    assert editor.post(f"/articles/{number}/moves", {"action": "submit"}).json["state"] == "in_review"  # type: ignore[index]
    own = editor.post(f"/articles/{number}/moves", {"action": "publish"})
    assert own.status_code == 422, "four eyes"
    assert len(editor.get(f"/articles/{number}/revisions").json) == 1  # type: ignore[arg-type]


def test_a_defect_shows_employees_the_workaround_only(program: Programs) -> None:
    expert = program("expert")
    text = {"title": "账单转圈", "system": "mkt", "workaround": "换浏览器", "cause": "线程池耗尽"}
    number = expert.post("/defects", text).json["number"]  # type: ignore[index]
    assert program("wang").get(f"/defects/{number}").status_code == 404, "not known yet"
    assert expert.post(f"/defects/{number}/moves", {"action": "confirm"}).status_code == 200
    told = program("wang").get(f"/defects/{number}").json
    assert told["workaround"] == "换浏览器"  # type: ignore[index]
    assert "cause" not in told  # type: ignore[operator]
    assert program("expert").get(f"/defects/{number}").json["cause"] == "线程池耗尽"  # type: ignore[index]
    assert program("wang").post("/defects", text).status_code == 404


def test_lists_go_on_where_the_cursor_points(program: Programs, filed: Filing) -> None:
    numbers = [filed(f"第{number}个问题") for number in range(5)]
    caller, cursor, seen = program("wang"), "", []
    while True:
        page = caller.get("/tickets", limit=2, cursor=cursor).json
        seen += [row["number"] for row in page["items"]]  # type: ignore[index]
        cursor = page["next_cursor"] or ""  # type: ignore[index]
        if not cursor:
            break
    assert seen == numbers[::-1]
    assert caller.get("/tickets", cursor="no-cursor!").status_code == 400


def test_wrong_content_is_named(program: Programs) -> None:
    answer = program("wang").post("/tickets", {"category": "nonsense"})
    assert answer.status_code == 422
    assert {"text", "category", "system"} <= set(answer.json["errors"]["json"])  # type: ignore[index]


def test_the_description_covers_every_path(program: Programs, client: Clients) -> None:
    paths = program("").get("/openapi.json").json["paths"]  # type: ignore[index]
    for path in (
        "/suggestions",
        "/search",
        "/tickets",
        "/tickets/{ref}/moves",
        "/articles",
        "/defects/{ref}",
    ):
        assert f"/api/v1{path}" in paths
    assert client("wang").get("/api/v1/docs").status_code == 200


def test_health_for_the_machine_room(client: Clients) -> None:
    stranger = client()
    assert stranger.get("/healthz").json == {"status": "ok"}
    ready = stranger.get("/readyz").json
    assert ready["database"] == "ok"  # type: ignore[index]
    assert ready["index"]["mode"] in ("lexical", "hybrid", "unavailable")  # type: ignore[index]
    serving = ready["calibration"]  # type: ignore[index]
    assert serving["search"].keys() == {"version", "counted", "pairs", "learned_at"}
    assert (serving["search"]["counted"], serving["links"]["counted"]) == (False, False)
    assert "tierdesk_outbox_waiting" in stranger.get("/metrics").text


def test_titles_are_completed_for_whom_they_are(
    program: Programs, maker: sessionmaker[Session], reindex: Callable[[], None]
) -> None:
    published(maker, "统一认证登录失败", "重试。", system="oa")
    published(maker, "登录受理口径", "核对身份。", audience="staff")
    reindex()
    seen = program("wang").get("/typeahead", q="denglu").json
    assert seen is not None
    assert [(row["kind"], row["title"], row["highlights"]) for row in seen["items"]] == [
        ("article", "统一认证登录失败", ["登录"])
    ]
    assert seen["items"][0]["system"] == "oa"
    assert seen["items"][0]["url"].startswith("/")
    staff = program("agent").get("/typeahead", q="登录", limit=1).json
    assert staff is not None
    assert len(staff["items"]) == 1
    assert program("agent").get("/typeahead", q="登录", limit=0).status_code == 422
    assert program("agent").get("/typeahead").status_code == 422
    assert program("").get("/typeahead", q="登录").status_code == 401
    assert program("wang").get("/typeahead", q="").json == {"items": []}


def test_search_narrows_by_language_and_day_and_proposes_a_wording(
    program: Programs, maker: sessionmaker[Session], reindex: Callable[[], None]
) -> None:
    published(maker, "登录失败怎么办", "重试。", category="account")
    published(maker, "登录 sign in failed", "Try again.", language="en")
    reindex()
    caller = program("wang")

    def found(**query: object) -> set[str]:
        answer = caller.get("/search", q="登录", **query).json
        assert answer is not None
        return {row["title"] for row in answer["items"]}

    assert found() == {"登录失败怎么办", "登录 sign in failed"}
    assert found(language="en") == {"登录 sign in failed"}
    assert found(category="account") == {"登录失败怎么办"}
    assert found(**{"from": "2001-01-01", "to": "2001-12-31"}) == set()
    assert found(**{"from": "2001-01-01"}) == {"登录失败怎么办", "登录 sign in failed"}
    assert caller.get("/search", q="登录", **{"from": "soon"}).status_code == 422
    assert caller.get("/search", q="登陆失败").json["did_you_mean"] == "登录失败"  # type: ignore[index]
    assert caller.get("/search", q="登录失败").json["did_you_mean"] is None  # type: ignore[index]
